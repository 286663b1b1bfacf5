/** What the journey needs of a patient and an appointment, out of a FHIR R4 bundle. */

export interface Patient {
  readonly id: string;
  readonly name: string;
  readonly language: string;
}

export interface Appointment {
  readonly id: string;
  readonly reason: string;
  readonly clinic: string;
  /** Instant of the encounter. */
  readonly at: string;
  readonly urgent: boolean;
}

export interface Visit {
  readonly patient: Patient;
  readonly appointment: Appointment;
}

interface Coded {
  readonly text?: string;
  readonly coding?: readonly { readonly display?: string }[];
}

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly name?: string | readonly { readonly given?: readonly string[]; readonly family?: string }[];
  readonly communication?: readonly { readonly language?: Coded }[];
  readonly class?: { readonly code?: string };
  readonly type?: readonly Coded[];
  readonly reasonCode?: readonly Coded[];
  readonly period?: { readonly start?: string };
  readonly serviceProvider?: { readonly reference?: string; readonly display?: string };
}

export interface Bundle {
  readonly resourceType: string;
  readonly entry?: readonly { readonly fullUrl?: string; readonly resource: Resource }[];
}

/** Encounters that somebody has an appointment for: nobody books an emergency. */
const BOOKED = new Set(['AMB', 'HH', 'VR']);

/**
 * The visits of the bundle's patient, oldest first.
 * @throws when there is no patient in it.
 */
export function visitsOf(bundle: Bundle): Visit[] {
  const entries = bundle.entry ?? [];
  const found = entries.find(({ resource }) => resource.resourceType === 'Patient')?.resource;
  if (bundle.resourceType !== 'Bundle' || found === undefined)
    throw new Error('not a FHIR bundle with a patient in it');
  const patient = patientOf(found);
  return entries
    .map(({ resource }) => resource)
    .filter((resource) => resource.resourceType === 'Encounter' && BOOKED.has(resource.class?.code ?? ''))
    .map((encounter) => ({ patient, appointment: appointmentOf(encounter, entries) }))
    .toSorted((a, b) => a.appointment.at.localeCompare(b.appointment.at));
}

function patientOf({ id, name, communication }: Resource): Patient {
  const [first] = typeof name === 'string' ? [] : (name ?? []);
  const words = [...(first?.given ?? []), first?.family ?? ''].join(' ').trim();
  return { id, name: words || id, language: textOf(communication?.[0]?.language) ?? 'English' };
}

function appointmentOf(encounter: Resource, entries: NonNullable<Bundle['entry']>): Appointment {
  const { id, type, reasonCode, period, serviceProvider, class: kind } = encounter;
  const provider = entries.find(({ fullUrl }) => fullUrl === serviceProvider?.reference)?.resource.name;
  return {
    id,
    reason: textOf(reasonCode?.[0]) ?? textOf(type?.[0]) ?? 'appointment',
    clinic: serviceProvider?.display ?? (typeof provider === 'string' ? provider : 'the clinic'),
    at: period?.start ?? '',
    urgent: kind?.code !== 'AMB',
  };
}

function textOf(coded: Coded | undefined): string | undefined {
  return coded?.text ?? coded?.coding?.[0]?.display;
}
