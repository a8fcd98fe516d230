//! What stands beside the points: the four in place, and training by each of the drive's rules.

use contract::scorecard::FourInPlace;
use contract::training::{Basic, Count, Quality, SpecialityHours, TrainingFigures, TrainingMode};
use rust_decimal::Decimal;

use super::super::super::print;
use super::super::lang::Lang;

/// So many police specialities are named on the screen.
const SPECIALITIES_SHOWN: usize = 3;

pub(super) fn in_place(found: &FourInPlace, lang: Lang) {
    print::line(lang.of("Four in place", "四个到位"));
    let (duties, delivered) =
        (lang.of("duties performed", "职责履行"), lang.of("measures delivered", "措施落实"));
    print::line(format!(
        "  {duties}: {} {}/{}, {} {}",
        lang.of("reported", "已报"),
        found.indicators_reported,
        found.indicators,
        lang.of("reached", "达标"),
        found.indicators_reached
    ));
    print::line(format!(
        "  {delivered}: {} {}/{}; {} {}/{}, {} {}, {} {}",
        lang.of("verified", "核实"),
        found.commitments_delivered,
        found.commitments,
        lang.of("of those due", "到期兑现"),
        found.commitments_due_delivered,
        found.commitments_due,
        lang.of("refuted", "查否"),
        found.commitments_refuted,
        lang.of("lapsed", "逾期"),
        found.commitments_lapsed
    ));
    print::line(format!(
        "  {}: {} {}/{}; {} {}/{}, {} {} ({} {}), {} {}, {} {}",
        lang.of("problems put right", "问题整改"),
        lang.of("closed", "办结"),
        found.complaints_closed,
        found.complaints,
        lang.of("on time", "按期"),
        found.complaints_on_time,
        found.complaints_due,
        lang.of("open", "未结"),
        found.complaints_open,
        lang.of("overdue", "超期"),
        found.complaints_open_overdue,
        lang.of("reopened", "重开"),
        found.complaints_reopened,
        lang.of("satisfaction", "满意度"),
        found.satisfaction.as_deref().unwrap_or("–")
    ));
    print::line(format!(
        "  {}: {} {}/{}; {} {}, {} {}/{}",
        lang.of("responsibility taken", "责任追究"),
        lang.of("cases closed", "案件办结"),
        found.cases_closed,
        found.cases,
        lang.of("findings", "认定"),
        found.findings,
        lang.of("dispositions executed", "处理执行"),
        found.dispositions_executed,
        found.dispositions
    ));
}

pub(super) fn training(found: &TrainingFigures, stalled: bool, lang: Lang) {
    let stalled = if stalled { lang.of("  STANDS STILL", "  按兵不动") } else { "" };
    print::line(format!("{}{stalled}", lang.of("Training", "练兵")));
    print::line(format!(
        "  {} {}, {} {}, {} {}, {} {}",
        lang.of("everyone", "全警参与"),
        share(found.participation.as_ref()),
        lang.of("leaders", "领导带头"),
        share(found.leader_participation.as_ref()),
        lang.of("passed", "合格"),
        share(found.passed.as_ref()),
        lang.of("grassroots units", "基层覆盖"),
        share(found.grassroots_coverage.as_ref())
    ));
    print::line(format!(
        "  {} {}, {} {}; {} {}/{}; {} {}",
        lang.of("plans filed", "计划报送"),
        share(found.plans_filed.as_ref()),
        lang.of("approved", "批准"),
        share(found.plans_approved.as_ref()),
        lang.of("needs met", "需求已补"),
        found.needs_met,
        found.needs_met + found.needs_open,
        lang.of("units standing still", "停滞单位"),
        found.units_stalled
    ));
    if let Some(hours) = &found.hours {
        print::line(format!(
            "  {} {}: {} {}, {} {} {}; {} {} ({})",
            lang.of("hours", "学时"),
            hours.total_hours,
            lang.of("median", "中位"),
            hours.median_hours,
            lang.of("busiest", "最多"),
            lang.officers(hours.busiest_officers),
            hours.busiest_hours,
            lang.of("over the cap", "超集训上限"),
            lang.officers(found.officers_over_cap),
            found.centralised_hours_over_cap
        ));
    }
    let modes = found.modes.iter().map(|mode| (lang.mode(mode.mode()), mode.hours.clone()));
    each(lang.of("by mode", "按方式"), modes);
    let basics = found.basics.iter().map(|basic| (lang.basic(basic.basic()), basic.hours.clone()));
    each(lang.of("by basic", "按三基"), basics);
    specialities(&found.specialities, lang);
    let qualities = found.qualities.iter();
    let passed = qualities.map(|quality| (lang.quality(quality.quality()), share(quality.passed.as_ref())));
    each(lang.of("passed", "合格"), passed);
}

/// Hours by speciality, those with the most first.
fn specialities(specialities: &[SpecialityHours], lang: Lang) {
    let mut most: Vec<_> = specialities.iter().collect();
    most.sort_by_key(|one| std::cmp::Reverse(one.hours.parse::<Decimal>().unwrap_or_default()));
    let named = most.iter().take(SPECIALITIES_SHOWN).map(|one| {
        let all = lang.of("for all", "通用");
        (if one.speciality.is_empty() { all } else { &one.speciality }, one.hours.clone())
    });
    let rest = most.len().saturating_sub(SPECIALITIES_SHOWN);
    let rest = (rest > 0).then(|| (lang.of("others", "其他"), rest.to_string()));
    each(lang.of("by speciality", "按警种"), named.chain(rest));
}

/// One line of names with their figures.
fn each<'a>(what: &str, named: impl Iterator<Item = (&'a str, String)>) {
    let named: Vec<_> = named.map(|(name, figure)| format!("{name} {figure}")).collect();
    if !named.is_empty() {
        print::line(format!("  {what}: {}", named.join(", ")));
    }
}

fn share(count: Option<&Count>) -> String {
    count.map_or_else(|| "–".to_owned(), |count| format!("{}/{}", count.count, count.of))
}

impl Lang {
    fn officers(self, count: u32) -> String {
        match self {
            Self::En => format!("{count} officers"),
            Self::Zh => format!("{count}人"),
        }
    }

    fn mode(self, mode: TrainingMode) -> &'static str {
        match mode {
            TrainingMode::Unspecified => "–",
            TrainingMode::SelfStudy => self.of("self-study", "自学"),
            TrainingMode::Mutual => self.of("mutual", "互学"),
            TrainingMode::OnTheJob => self.of("on the job", "岗位"),
            TrainingMode::Centralised => self.of("centralised", "集中"),
        }
    }

    fn basic(self, basic: Basic) -> &'static str {
        match basic {
            Basic::Unspecified => "–",
            Basic::Grassroots => self.of("grassroots", "基层"),
            Basic::Foundation => self.of("foundation", "基础"),
            Basic::Skills => self.of("skills", "基本功"),
        }
    }

    fn quality(self, quality: Quality) -> &'static str {
        match quality {
            Quality::Unspecified => "–",
            Quality::Political => self.of("political", "政治"),
            Quality::Professional => self.of("professional", "业务"),
            Quality::Physical => self.of("physical", "体能"),
            Quality::Combat => self.of("combat", "实战"),
        }
    }
}
