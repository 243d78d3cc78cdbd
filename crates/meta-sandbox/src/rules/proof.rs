//! `appsecret_proof`, worked out here from its definition (RFC 2104), so that no other code has a say in it.

use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// How long a proof is good, in seconds, and how far ahead of our clock it may be.
const LIFE_S: i64 = 5 * 60;

/// SHA-256 works on blocks of this many bytes.
const BLOCK: usize = 64;

/// Checks the proof that came with `token`: hex HMAC-SHA256 of `token|time` under the app's secret, or of the token alone where no time
/// came with it, as Meta's SDK still has it.
pub(crate) fn check(
    secret: &str,
    token: &str,
    (proof, time): (Option<&str>, Option<i64>),
    now: i64,
) -> Result<(), Refusal> {
    let refuse = |message: &'static str| Err(Refusal::plain(400, 100, message));
    let Some(proof) = proof else {
        return refuse("API calls from the server require an appsecret_proof argument");
    };
    let message = match time {
        None => Some(token.to_owned()),
        Some(time) => (now - LIFE_S..=now + LIFE_S).contains(&time).then(|| format!("{token}|{time}")),
    };
    match message {
        Some(message) if proof == hmac(secret.as_bytes(), message.as_bytes()) => Ok(()),
        _ => refuse("Invalid appsecret_proof provided in the API argument"),
    }
}

fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac(b"Jefe", b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn proofs_are_checked_with_their_time() {
        let proof = hmac(b"secret", b"token|1000");
        let judge = |proof: Option<&str>, time, now| check("secret", "token", (proof, time), now);
        assert!(judge(Some(&proof), Some(1000), 1300).is_ok());
        assert!(judge(Some(&proof), Some(1000), 1301).is_err());
        assert!(judge(Some(&proof), Some(1001), 1001).is_err());
        assert!(judge(Some(&proof), None, 1000).is_err());
        assert!(judge(None, Some(1000), 1000).is_err());
        let former = hmac(b"secret", b"token");
        assert!(judge(Some(&former), Some(1000), 1000).is_err(), "the time is not in it");
        assert!(judge(Some(&former), None, 1000).is_ok(), "as Meta's SDK sends it");
    }
}
