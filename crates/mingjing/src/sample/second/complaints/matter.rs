//! What a complaint is about, and who has to do with it.

use contract::complaints::{Complainant, ComplaintChannel, NewComplaint, Satisfaction};
use jiff::civil::Date;

use super::super::super::random::Random;
use super::super::super::{BUREAU, JURISDICTION};
use super::super::city::{City, SUPERVISION, Unit};

/// What harmed the public is found so many working days after it was lodged.
pub(super) const FOUND_AFTER: u32 = 9;
const CHANNELS: [ComplaintChannel; 10] = [
    ComplaintChannel::Hotline,
    ComplaintChannel::Letter,
    ComplaintChannel::Counter,
    ComplaintChannel::Online,
    ComplaintChannel::LeaderMailbox,
    ComplaintChannel::Superior,
    ComplaintChannel::Media,
    ComplaintChannel::Visit,
    ComplaintChannel::SurveyForm,
    ComplaintChannel::Inspection,
];
const MATTERS: [(&str, &str); 6] = [
    ("service-attitude", "The officer at the window was rude 服务态度差"),
    ("delay", "Three weeks for a certificate that takes five days 办事拖延"),
    ("fees", "A fee was asked that is not on the list 乱收费"),
    ("enforcement", "Fined without being shown the record 执法不规范"),
    ("no-response", "Nobody came when we called 出警不及时"),
    ("noise", "Noise at night, reported five times 夜间噪声"),
];
const WORDS: [Satisfaction; 8] = [
    Satisfaction::VerySatisfied,
    Satisfaction::Satisfied,
    Satisfaction::VerySatisfied,
    Satisfaction::BasicallySatisfied,
    Satisfaction::Satisfied,
    Satisfaction::VerySatisfied,
    Satisfaction::Satisfied,
    Satisfaction::Dissatisfied,
];

/// A complaint with those who have to do with it.
#[derive(Clone)]
pub(super) struct Matter {
    pub(super) id: String,
    pub(super) lodged_on: Date,
    pub(super) complaint: NewComplaint,
    /// Id of the unit whose it is.
    unit: String,
    /// Its resource name.
    pub(super) unit_name: String,
    /// Of the unit that it is transferred to, if it is.
    pub(super) other_name: String,
    pub(super) leader: String,
    pub(super) supervisor: String,
    /// Resource name of the unit that puts it right, and of the officer.
    pub(super) responsible_unit: String,
    pub(super) responsible: String,
    /// Leader and responsible officer of the other unit.
    there: (String, String),
    /// Resource name of whoever is at fault, if it is true.
    pub(super) at_fault: Option<String>,
    pub(super) harms_public: bool,
    /// What the complainant says at the end.
    pub(super) word: Satisfaction,
}

impl Matter {
    /// The matter of a number; some repeat one of `earlier`.
    pub(super) fn of(
        city: &City,
        number: u32,
        lodged_on: Date,
        anonymous: bool,
        earlier: &[Self],
        random: &mut Random,
    ) -> Self {
        let earlier =
            earlier.len().checked_sub(40).map(|place| &earlier[place]).filter(|_| number.is_multiple_of(30));
        let complained: Vec<_> = city.units().iter().filter(|unit| unit.belongs_to != BUREAU).collect();
        let unit = match earlier {
            Some(earlier) => city.unit(&earlier.unit),
            None => *random.one_of(&complained),
        };
        let mut matter = Self::about(city, format!("c-{number:03}"), unit, lodged_on, random);
        matter.complaint.repeats = earlier.map(Self::name).unwrap_or_default();
        if anonymous || random.percent(15) {
            matter.complaint.complainant = None;
        }
        // At first nobody knows whose it is.
        if number.is_multiple_of(7) && matter.complaint.complained_of.is_empty() {
            matter.complaint.unit = String::new();
        }
        // A few complain of the head of a sub-unit: none of it handles that.
        if number.is_multiple_of(83) {
            let head = city.unit(&unit.belongs_to);
            matter.complained_of_head(city, head);
        }
        matter
    }

    /// A matter that harmed the public, found on a day.
    pub(super) fn harmful(city: &City, id: &str, unit: &str, found_on: Date) -> Self {
        let mut random = Random::new(u64::from(city.unit(unit).number(0)));
        let mut matter = Self::about(
            city,
            id.to_owned(),
            city.unit(unit),
            city.working_day_before(found_on, FOUND_AFTER),
            &mut random,
        );
        let at_fault = city.unit(unit).officer(20);
        matter.complaint.complained_of = vec![at_fault.clone()];
        matter.at_fault = Some(at_fault);
        matter.harms_public = true;
        // Who may yet have to investigate has no part in it.
        matter.supervisor = city.unit(SUPERVISION).officer(15);
        matter
    }

    fn about(city: &City, id: String, unit: &Unit, lodged_on: Date, random: &mut Random) -> Self {
        let (category, text) = *random.one_of(&MATTERS);
        let channel = *random.one_of(&CHANNELS);
        let complained_of = random.percent(30).then(|| unit.officer(10 + random.below(20)));
        let chief = city.unit(&unit.belongs_to);
        let others: Vec<_> = city.sub_units().filter(|other| other.id != unit.belongs_to).collect();
        let other = *random.one_of(&others);
        let complaint = NewComplaint {
            channel: channel.into(),
            source_reference: format!("source-{id}"),
            complainant: Some(Complainant {
                full_name: format!("Resident {id} 居民"),
                telephone: format!("555-{:07}", random.below(10_000_000)),
                address: String::new(),
            }),
            identity_disclosed: random.percent(20),
            text: text.to_owned(),
            unit: unit.name(),
            complained_of: complained_of.iter().cloned().collect(),
            category: category.to_owned(),
            ..Default::default()
        };
        Self {
            id,
            lodged_on,
            complaint,
            unit: unit.id.clone(),
            unit_name: unit.name(),
            other_name: other.name(),
            leader: chief.officer(1 + random.below(4)),
            supervisor: city.unit(SUPERVISION).officer(3 + random.below(16)),
            responsible_unit: unit.name(),
            responsible: unit.officer(if unit.grassroots { 1 } else { 7 }),
            there: (other.officer(2), other.officer(8)),
            at_fault: complained_of,
            harms_public: false,
            word: *random.one_of(&WORDS),
        }
    }

    /// Resource name.
    pub(super) fn name(&self) -> String {
        format!("jurisdictions/{JURISDICTION}/complaints/{}", self.id)
    }

    /// The same, once the other unit has it.
    pub(super) fn handed_over(self) -> Self {
        let (leader, responsible) = self.there.clone();
        let unit_name = self.other_name.clone();
        Self { responsible_unit: unit_name.clone(), unit_name, leader, responsible, ..self }
    }

    fn complained_of_head(&mut self, city: &City, head: &Unit) {
        self.unit.clone_from(&head.id);
        self.unit_name = head.name();
        self.complaint.unit = head.name();
        self.complaint.complained_of = vec![head.officer(0)];
        self.at_fault = Some(head.officer(0));
        self.leader = city.unit(BUREAU).officer(1);
        let supervision = city.unit(SUPERVISION);
        self.responsible_unit = supervision.name();
        self.responsible = supervision.officer(1);
        self.there = (self.leader.clone(), self.responsible.clone());
        self.other_name = supervision.name();
    }
}
