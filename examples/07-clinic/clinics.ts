import type { Executor } from 'millrace';
import type { Appointment, Patient } from './fhir.ts';

/** A clinic takes the calls of all while its people are awake: from this hour of the day in UTC, for eight hours. */
export interface Clinic {
  readonly name: string;
  readonly region: string;
  readonly fromHour: number;
}

export const CLINICS: readonly Clinic[] = [
  { name: 'Harbour', region: 'eu-west', fromHour: 7 },
  { name: 'Hudson', region: 'us-east', fromHour: 15 },
  { name: 'Sumida', region: 'ap-northeast', fromHour: 23 },
];

export function onDuty(clinics: readonly Clinic[], hour: number): Clinic {
  const sinceShift = ({ fromHour }: Clinic): number => (hour - fromHour + 24) % 24;
  return clinics.reduce((best, clinic) => (sinceShift(clinic) < sinceShift(best) ? clinic : best));
}

/** What the executors of a clinic's engine act on. */
export interface House {
  readonly clinics: readonly Clinic[];
  readonly engine: string;
  /** Hour of the day in UTC. */
  hour(): number;
  /** A line for the diary. */
  note(line: string): void;
  /** Whether the patient answers the telephone. */
  answers(patient: Patient): boolean;
}

/** The executors of `journey.yaml` and `handover.yaml`. */
export function executorsOf({ clinics, engine, hour, note, answers }: House) {
  return {
    'clinic.book': ({ patient, appointment }: { patient: Patient; appointment: Appointment }) => {
      note(`${patient.name} booked: ${appointment.reason} at ${appointment.clinic}`);
      return { slot: appointment.id };
    },
    'clinic.message': ({ to, about, template }: { to: Patient; about: Appointment; template: string }) => {
      note(`${to.name} gets "${template}" about ${about.reason}`);
      return { sent: template };
    },
    'clinic.consult': ({ patient, room }: { patient: Patient; room: string }) => {
      note(`${patient.name} is seen in ${room}`);
      return { seen: true };
    },
    'clinic.onDuty': () => {
      const { name, region } = onDuty(clinics, hour());
      return { clinic: name, region };
    },
    'clinic.call': ({ patient, clinic }: { patient: Patient; clinic: string }) => {
      note(`${patient.name} is called by ${clinic}, on ${engine}`);
      if (!answers(patient)) throw Object.assign(new Error('nobody answers'), { code: 'NO_ANSWER' });
      return { engine };
    },
    'clinic.escalate': ({ patient, calledBy }: { patient: Patient; calledBy: string }) => {
      note(`${patient.name} is escalated to the ward, after calls by ${calledBy}`);
      return `case-${patient.id}`;
    },
  } satisfies Record<string, Executor>;
}

/** For the command line: `millrace run handover.yaml --executors clinics.ts`. */
export const executors = executorsOf({
  clinics: CLINICS,
  engine: 'command line',
  hour: () => new Date().getUTCHours(),
  note: (line) => console.error(line),
  answers: () => true,
});
