import { count, hostName, namespaces, networks, profileName, shortText, yesOrNo } from './readers.ts';
import { setting } from './setting.ts';

/** What `serve` reads besides: where it listens, and whom it serves. */
export const SERVER_SETTINGS = {
  host: setting({
    names: ['HOST'],
    meaning: 'Address or name that the server listens at.',
    fallback: '127.0.0.1',
    shown: '127.0.0.1',
    reason: 'Nobody else reaches it until you say so; beyond this machine it refuses without authentication.',
    read: hostName,
  }),
  port: setting({
    names: ['PORT'],
    meaning: 'Port that the server listens at; 0: any that is free.',
    fallback: 7400,
    shown: '7400',
    origin: '3000',
    reason: 'Many development servers take 3000.',
    read: count(0, 65_535),
  }),
  trustedProxies: setting<readonly string[]>({
    names: ['TRUSTED_PROXIES'],
    meaning:
      'Addresses or networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed, separated by commas.',
    fallback: [],
    shown: 'none',
    reason:
      'Anybody can send that header: limits on guesses and the audit log go by the address of the caller.',
    read: networks,
  }),
  namespaces: setting<readonly string[]>({
    names: ['NAMESPACES'],
    meaning: 'Namespaces that this process serves, each by an engine of its own, separated by commas.',
    fallback: ['default'],
    shown: 'default',
    read: namespaces,
  }),
  distributed: setting({
    names: ['DISTRIBUTED_MODE'],
    meaning:
      'Whether other processes may serve the same namespaces; `false`: `serve` ends where one is there.',
    fallback: true,
    shown: 'true',
    origin: 'false',
    reason: 'Engines that share a store share its work without being told to.',
    read: yesOrNo,
  }),
  hostName: setting<string | undefined>({
    names: ['HOSTNAME'],
    meaning: 'First part of the name of an engine that `NODE_ID` gives none.',
    fallback: undefined,
    shown: 'what the system says',
    read: shortText,
  }),
  profile: setting({
    names: ['NODE_ENV'],
    meaning: 'Which profile of the configuration file applies.',
    fallback: 'development',
    shown: 'development',
    read: profileName,
  }),
} as const;
