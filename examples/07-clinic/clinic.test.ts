import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLINICS, onDuty } from './clinics.ts';
import { visitsOf, type Bundle } from './fhir.ts';
import { playJourneys } from './play-journeys.ts';
import { playNight } from './play-night.ts';

const bundle = JSON.parse(readFileSync(new URL('made-up-patient.json', import.meta.url), 'utf8')) as Bundle;

describe('the journey of a patient', () => {
  it('takes patient and appointments from a FHIR bundle, emergencies left out', () => {
    const visits = visitsOf(bundle);
    expect(visits.map(({ appointment }) => appointment.reason)).toEqual([
      'Check-up',
      'Sore throat',
      'Check-up',
    ]);
    expect(visits[0]).toMatchObject({
      patient: { id: 'p1', name: 'Ada Example', language: 'Welsh' },
      appointment: { id: 'e1', clinic: 'Harbour Clinic', at: '2026-03-02T09:00:00+00:00' },
    });
    expect(() => visitsOf({ resourceType: 'Patient' })).toThrow('not a FHIR bundle');
  });

  it('reminds after the days that were asked for, and goes on as the patient does', async () => {
    const diary: string[] = [];
    const outcomes = await playJourneys(visitsOf(bundle), (line) => diary.push(line.trim()));
    expect(outcomes.map((line) => JSON.parse(line.slice(line.indexOf('{'))) as unknown)).toEqual([
      { outcome: 'attended', case: null },
      { outcome: 'rebooked', case: null },
      { outcome: 'escalated', case: 'case-p1' },
    ]);
    const days = diary.map((line) => /^day +(\d+): Ada Example (.*)$/.exec(line)?.slice(1).join(' '));
    expect(days.slice(0, 5)).toEqual([
      '0 booked: Check-up at Harbour Clinic',
      '0 gets "confirmed" about Check-up',
      '3 gets "reminder" about Check-up',
      '4 is seen in room 2',
      '11 gets "how-are-you" about Check-up',
    ]);
    const missed = days.filter((line) => line?.includes('is called by'));
    expect(missed.filter((line) => line?.startsWith('5 '))).toHaveLength(1 + 3);
    expect(days.at(-1)).toBe('6 is escalated to the ward, after calls by Harbour');
  });
});

describe('the hand-over', () => {
  it('finds a clinic that is awake, at any hour', () => {
    const names = Array.from({ length: 24 }, (_, hour) => onDuty(CLINICS, hour).name);
    expect(Map.groupBy(names, (name) => name).size).toBe(3);
    expect([names[7], names[15], names[23], names[3]]).toEqual(['Harbour', 'Hudson', 'Sumida', 'Sumida']);
  });

  it('calls from the region of the clinic on duty', async () => {
    expect((await playNight()).map((line) => line.trim())).toEqual([
      '9:00 Patient 9 is called by Harbour, on engine-eu-west',
      '17:00 Patient 17 is called by Hudson, on engine-us-east',
      '2:00 Patient 2 is called by Sumida, on engine-ap-northeast',
    ]);
  });
});
