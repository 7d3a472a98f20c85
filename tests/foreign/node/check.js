// Holds evidence of an exchange's log against Sigstore's verifier for Node, which knows nothing of us.
// Reads the questions as JSON from the file named, writes one verdict for each.
//
// The package takes an entry with its proof and checkpoint apart, and knows no witnesses: the lines of .tlog-proof
// are read here, and the quorum is demanded here, each cosignature checked by the package's own signature function.
'use strict';

const { readFileSync } = require('fs');
const { crypto } = require('@sigstore/core');
const { verifyTLogInclusion } = require('@sigstore/verify/dist/tlog');

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

function key(vkey) {
  const [name, id] = vkey.split('+', 2);
  const data = Buffer.from(vkey.slice(name.length + id.length + 2), 'base64');
  const publicKey = crypto.createPublicKey(Buffer.concat([SPKI_ED25519, data.subarray(1)]), 'spki');
  return { name, id, publicKey };
}

function demand(held, what) {
  if (!held) throw new Error(what);
}

function quorum(checkpoint, witnesses, demanded) {
  const split = checkpoint.lastIndexOf('\n\n');
  const text = checkpoint.slice(0, split + 1);
  const signed = new Set();
  for (const [, name, encoded] of checkpoint.slice(split + 2).matchAll(/^\u2014 (\S+) (\S+)$/gm)) {
    const data = Buffer.from(encoded, 'base64');
    const witness = witnesses.find((one) => one.name === name && one.id === data.subarray(0, 4).toString('hex'));
    if (!witness) continue;
    demand(data.length === 4 + 8 + 64, 'not a cosignature');
    const message = `cosignature/v1\ntime ${data.readBigUInt64BE(4)}\n${text}`;
    demand(crypto.verify(Buffer.from(message), witness.publicKey, data.subarray(12)), 'a known witness did not sign');
    signed.add(witness);
  }
  demand(signed.size >= demanded, 'no quorum');
  return text;
}

function proof(one, log, witnesses, demanded) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(one.proof, 'base64'));
  const split = text.indexOf('\n\n');
  const lines = text.slice(0, split).split('\n');
  const checkpoint = text.slice(split + 2);
  demand(split > 0 && lines.shift() === 'c2sp.org/tlog-proof@v1', 'not a proof');
  if (lines[0].startsWith('extra ')) lines.shift();
  const index = /^index (0|[1-9][0-9]*)$/.exec(lines.shift());
  demand(index, 'no index');
  const hashes = lines.map((line) => Buffer.from(line, 'base64'));
  demand(hashes.every((hash) => hash.length === 32), 'not a hash');
  demand(quorum(checkpoint, witnesses, demanded).split('\n')[0] === log.name, 'another log');
  const keyId = Buffer.from(log.id, 'hex');
  const entry = {
    logId: { keyId },
    canonicalizedBody: Buffer.from(one.leaf, 'base64'),
    inclusionProof: { logIndex: index[1], hashes, checkpoint: { envelope: checkpoint } },
  };
  verifyTLogInclusion(entry, [{ logID: keyId, baseURL: log.name, publicKey: log.publicKey }]);
}

function holds(check, ...args) {
  try {
    check(...args);
    return true;
  } catch {
    return false;
  }
}

const asked = JSON.parse(readFileSync(process.argv[2], 'utf-8'));
const log = key(asked.log);
const witnesses = asked.witnesses.map(key);
const proofs = asked.proofs.map((one) => holds(proof, one, log, witnesses, asked.quorum));
console.log(JSON.stringify({ proofs }));
