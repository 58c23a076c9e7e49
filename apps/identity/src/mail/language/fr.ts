import { fr } from './french.js';
import type { MailTexts } from './language.js';

const NOT_YOU = 'Si vous n’êtes pas à l’origine de cette opération';
const RESET_AT_ONCE = fr`${NOT_YOU}, réinitialisez immédiatement votre mot de passe avec « Mot de passe oublié ». Toutes vos sessions seront fermées.`;
const LOG_IN = 'Se connecter';
const RESET = 'Réinitialiser mon mot de passe';

const accountMails: MailTexts['accountMails'] = {
  'verify-email': ({ token }) => ({
    subject: 'Confirmez votre adresse e-mail',
    paragraphs: [
      fr`Bienvenue sur Roost. Pour confirmer que cette adresse e-mail est bien la vôtre, saisissez ce code :`,
    ],
    code: token,
    details: [],
    action: 'Confirmer mon adresse e-mail',
    closing: [
      'Ce code est valable 24 heures. Si vous n’avez pas créé de compte, vous pouvez ignorer ce message.',
    ],
  }),
  'already-registered': () => ({
    subject: 'Vous avez déjà un compte',
    paragraphs: [
      'Quelqu’un, sans doute vous, a essayé de s’inscrire avec cette adresse e-mail. Elle est déjà associée à un compte.',
    ],
    details: [],
    action: LOG_IN,
    closing: [fr`Connectez-vous avec votre mot de passe ou réinitialisez-le avec « Mot de passe oublié ».`],
  }),
  'reset-password': ({ token }) => ({
    subject: 'Choisissez un nouveau mot de passe',
    paragraphs: [fr`Vous avez demandé un nouveau mot de passe. Pour le choisir, saisissez ce code :`],
    code: token,
    details: [],
    action: 'Choisir un nouveau mot de passe',
    closing: [
      fr`Ce code est valable une heure. Si vous n’êtes pas à l’origine de cette demande, vous pouvez ignorer ce message : votre mot de passe ne change pas.`,
    ],
  }),
  'password-changed': () => ({
    subject: 'Votre mot de passe a été modifié',
    paragraphs: ['Le mot de passe de votre compte vient d’être modifié.'],
    details: [],
    action: RESET,
    closing: [
      RESET_AT_ONCE,
      fr`Un nouveau mot de passe ne supprime aucune clé d’accès et ne dissocie aucun compte d’un fournisseur : supprimez ceux que vous n’avez pas ajoutés.`,
    ],
  }),
  'email-change-old': ({ token, newEmail }) => ({
    subject: fr`Voulez-vous changer d’adresse e-mail ?`,
    paragraphs: [
      fr`Vous avez demandé à remplacer l’adresse e-mail de votre compte par ${newEmail}. Pour confirmer ce changement, saisissez ce code :`,
    ],
    code: token,
    details: [],
    action: 'Confirmer le changement',
    closing: [
      'Ce code est valable 24 heures. Si vous n’êtes pas à l’origine de cette demande, ne la confirmez pas et réinitialisez votre mot de passe.',
    ],
  }),
  'email-change-new': ({ token }) => ({
    subject: 'Confirmez votre nouvelle adresse e-mail',
    paragraphs: [fr`Pour confirmer que cette nouvelle adresse e-mail est bien la vôtre, saisissez ce code :`],
    code: token,
    details: [],
    action: 'Confirmer ma nouvelle adresse e-mail',
    closing: [
      'Ce code est valable 24 heures. Si vous n’êtes pas à l’origine de cette demande, vous pouvez ignorer ce message.',
    ],
  }),
  'email-taken': () => ({
    subject: 'Cette adresse e-mail est déjà associée à un compte',
    paragraphs: [
      'Quelqu’un, sans doute vous, a essayé d’utiliser cette adresse e-mail pour un autre compte. Elle est déjà associée à un compte.',
    ],
    details: [],
    action: LOG_IN,
    closing: [fr`Connectez-vous à ce compte ou réinitialisez son mot de passe avec « Mot de passe oublié ».`],
  }),
  'email-changed': ({ newEmail }) => ({
    subject: 'Votre adresse e-mail a été modifiée',
    paragraphs: [`L’adresse e-mail de votre compte est désormais ${newEmail}.`],
    details: [],
    action: 'Nous contacter',
    closing: [`${NOT_YOU}, contactez-nous immédiatement.`],
  }),
  'mfa-enabled': () => ({
    subject: 'La validation en deux étapes est activée',
    paragraphs: [
      'Une application d’authentification a été ajoutée à votre compte. Un code vous sera désormais demandé à chaque connexion.',
    ],
    details: [],
    action: RESET,
    closing: [
      fr`${NOT_YOU}, réinitialisez immédiatement votre mot de passe avec « Mot de passe oublié » et contactez-nous.`,
    ],
  }),
  'mfa-removed': () => ({
    subject: 'La validation en deux étapes est désactivée',
    paragraphs: [
      'L’application d’authentification a été retirée de votre compte. Aucun code ne vous sera plus demandé à la connexion.',
    ],
    details: [],
    action: RESET,
    closing: [RESET_AT_ONCE],
  }),
  'export-ready': () => ({
    subject: 'Vos données sont prêtes',
    paragraphs: [
      fr`Vous avez demandé une copie de vos données. Elle est prête : connectez-vous pour la télécharger.`,
    ],
    details: [],
    action: LOG_IN,
    closing: [
      fr`Le fichier est supprimé 7 jours après votre demande. Si vous ne l’avez pas demandé, réinitialisez immédiatement votre mot de passe avec « Mot de passe oublié ».`,
    ],
  }),
  'passkey-added': () => ({
    subject: 'Une clé d’accès a été ajoutée à votre compte',
    paragraphs: [
      'Une clé d’accès a été ajoutée à votre compte. Elle permet de se connecter sans votre mot de passe.',
    ],
    details: [],
    action: RESET,
    closing: [
      fr`${NOT_YOU}, réinitialisez immédiatement votre mot de passe avec « Mot de passe oublié », puis supprimez la clé d’accès : un nouveau mot de passe ne la supprime pas.`,
    ],
  }),
  'passkey-removed': () => ({
    subject: 'Une clé d’accès a été supprimée de votre compte',
    paragraphs: ['Une clé d’accès a été supprimée de votre compte. Elle ne permet plus de se connecter.'],
    details: [],
    action: RESET,
    closing: [RESET_AT_ONCE],
  }),
  'identity-linked': ({ provider }) => ({
    subject: `${provider} a été associé à votre compte`,
    paragraphs: [
      `Un compte ${provider} a été associé à votre compte. Il permet de se connecter sans votre mot de passe.`,
    ],
    details: [],
    action: RESET,
    closing: [
      fr`${NOT_YOU}, réinitialisez immédiatement votre mot de passe avec « Mot de passe oublié », puis dissociez ${provider} : un nouveau mot de passe ne le dissocie pas.`,
    ],
  }),
  'identity-unlinked': ({ provider }) => ({
    subject: `${provider} a été dissocié de votre compte`,
    paragraphs: [`Le compte ${provider} a été dissocié de votre compte. Il ne permet plus de se connecter.`],
    details: [],
    action: RESET,
    closing: [RESET_AT_ONCE],
  }),
};

export const french: MailTexts = {
  greeting: (name) => (name === null ? 'Bonjour,' : `Bonjour ${name},`),
  signature: 'Roost',
  label: (text) => fr`${text} :`,
  optOutHint: 'Vous pouvez désactiver ce type de messages dans vos paramètres de notification.',
  optOutAction: 'Paramètres de notification',
  phoneCode: (code) =>
    `${code} est votre code Roost. Il expire dans 10 minutes. Si vous ne l'avez pas demandé, ignorez ce message.`,
  accountMails,
};
