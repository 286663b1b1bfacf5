/*
 * What the CLI loads: `npx millrace dev examples/02-orders/module.ts`, `--executors
 * examples/02-orders/module.ts`. Needs PAYMENTS_URL (the payment service) and DATABASE_URL (the store that
 * its steps reach other runs through).
 */
import type { StepContext } from 'millrace';
import { charge, credit, refund, type Payment } from './payments/client.ts';
import { creditNote } from './workflows/credit-note.ts';
import { order } from './workflows/order.ts';
import { packer } from './workflows/packer.ts';
import { countStock, openShop, releaseStock } from './workflows/shop.ts';

export const workflows = [order, creditNote, packer, openShop, releaseStock, countStock];

/** For definitions in YAML: `executor: payments.charge`. */
export const executors = {
  'payments.charge': (input: Payment, step: StepContext) => charge(input, step),
  'payments.refund': (input: Omit<Payment, 'pence'>, step: StepContext) => refund(input, step),
  'payments.credit': (input: Payment, step: StepContext) => credit(input, step),
};
