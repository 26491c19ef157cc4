//! Random passwords.

use crate::secret::Secret;
use crate::sim::world::{Refusal, World};

const KINDS: [&str; 4] = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
];

impl World {
    /// `GetRandomPassword`: letters, digits and, if wanted, punctuation, at least one of each kind.
    ///
    /// # Errors
    /// `InvalidParameterException` when the length is not 1 to 4096, or leaves no room for one of each kind.
    pub fn get_random_password(
        &mut self,
        length: u32,
        punctuation: bool,
        exclude: &str,
    ) -> Result<Secret, Refusal> {
        let kinds = KINDS.iter().take(if punctuation { 4 } else { 3 });
        let kinds: Vec<Vec<char>> = kinds
            .map(|kind| kind.chars().filter(|one| !exclude.contains(*one)).collect())
            .filter(|kind: &Vec<char>| !kind.is_empty())
            .collect();
        let length = length as usize;
        if kinds.is_empty() || length < kinds.len() || length > 4096 {
            let message =
                "The password length must be from 1 to 4096, with room for every included type.";
            return Err(Refusal::new("InvalidParameterException", message));
        }
        let alphabet = kinds.concat();
        loop {
            let text = self.letters(length, &alphabet);
            if kinds.iter().all(|kind| text.contains(kind.as_slice())) {
                return Ok(Secret::new(text));
            }
        }
    }

    /// So many random characters.
    pub(in crate::sim) fn letters(&mut self, length: usize, alphabet: &[char]) -> String {
        let count = alphabet.len() as u64;
        (0..length).map(|_| alphabet[(self.chance.draw() % count) as usize]).collect()
    }
}
