//! The complainant: questions and answers, who may read of them, erasure.

use contract::complaints::*;
use contract::words::VaultText;

use super::steps::Decision;
use super::{Act, Event, Lodged, Question, Reading, Rejection};

impl Lodged {
    pub(super) fn ask(&self, act: &Act, question_id: String, question: VaultText) -> Decision {
        if let Some(asked) = self.questions.get(&question_id) {
            let same = asked.question == question;
            return if same { Ok(vec![]) } else { Err(Rejection::QuestionExists(question_id)) };
        }
        self.check(act)?;
        let question = Some(question);
        Ok(vec![QuestionAsked { complaint: self.name(), question_id, question }.into()])
    }

    pub(super) fn answer(&self, act: &Act, question_id: String, answer: VaultText) -> Decision {
        let Some(Question { answer: standing, .. }) = self.questions.get(&question_id) else {
            return Err(Rejection::UnknownQuestion(question_id));
        };
        if standing.as_ref() == Some(&answer) {
            return Ok(vec![]);
        }
        self.check(act)?;
        if standing.is_some() {
            return Err(Rejection::AlreadyAnswered(question_id));
        }
        let answer = Some(answer);
        Ok(vec![QuestionAnswered { complaint: self.name(), question_id, answer }.into()])
    }

    pub(super) fn reveal(&self, Reading { by, of_unit, texts, purpose }: Reading) -> Decision {
        if by.is_empty() {
            return Err(Rejection::ReaderUnnamed);
        }
        self.check_not_complained_of(&by)?;
        let theirs = match &texts {
            None => true,
            Some(keys) => self.any_theirs(keys)?,
        };
        if theirs && of_unit && !self.lodged.identity_disclosed {
            return Err(Rejection::ComplainantProtected(by));
        }
        let vault_keys = texts.unwrap_or_else(|| vec![self.lodged.complainant_key.clone()]);
        if vault_keys.iter().all(String::is_empty) {
            // Anonymous: nothing is read.
            return Ok(vec![]);
        }
        Ok(vec![PersonalDataRevealed { complaint: self.name(), vault_keys, purpose }.into()])
    }

    /// Whether any of the texts are the complainant's words.
    fn any_theirs(&self, keys: &[String]) -> Result<bool, Rejection> {
        let mut any = false;
        for key in keys {
            let text = self.texts.iter().find(|text| text.reference.vault_key == *key);
            any |= text.ok_or_else(|| Rejection::UnknownText(key.clone()))?.theirs;
        }
        Ok(any)
    }

    pub(super) fn erase(&self, reason: String) -> Vec<Event> {
        let vault_keys = self.erasable();
        if vault_keys.is_empty() {
            return vec![];
        }
        vec![ComplainantErased { complaint: self.name(), vault_keys, reason }.into()]
    }
}
