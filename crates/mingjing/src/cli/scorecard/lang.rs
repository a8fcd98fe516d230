//! The labels of a scorecard, in English and Chinese.

use clap::ValueEnum;
use contract::scorecard::{LossKind, LossLine, Risk, RiskKind};
use contract::words::TariffCause;

/// In which language labels are shown. What people wrote stays as they wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// English.
    En,
    /// 中文.
    Zh,
}

impl Lang {
    /// The one of the two that is asked for.
    pub(super) fn of<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    /// A kind of method, as a scorecard names it.
    pub(super) fn method(self, method: &str) -> &str {
        let zh = match method {
            "assessor" => "打分",
            "panel" => "票决",
            "survey" => "评议",
            "ledger" => "台账",
            "indicator" => "指标",
            "index" => "指数",
            other => other,
        };
        self.of(method, zh)
    }

    /// A ratio of an index.
    pub(super) fn ratio(self, ratio: &str) -> &str {
        let (en, zh) = match ratio {
            "participation" => ("participation", "全警参与"),
            "leader_participation" => ("leaders", "领导带头"),
            "pass_rate" => ("pass rate", "合格率"),
            "grassroots_coverage" => ("coverage", "基层覆盖"),
            "on_time" => ("on time", "按期办结"),
            "satisfaction" => ("satisfaction", "满意度"),
            "not_reopened" => ("not reopened", "未重开"),
            "delivered" => ("delivered", "已兑现"),
            other => (other, other),
        };
        self.of(en, zh)
    }

    /// Why a component is pending: the service says it in English.
    pub(super) fn pending(self, reason: &str) -> &str {
        let zh = match reason {
            "no mark is on record" => "尚未打分",
            "the panel is not closed" => "票决未结束",
            "fewer ballots than the quorum" => "票数未达法定数",
            "no ballot marks the unit" => "无票为本单位打分",
            "the survey is not closed" => "评议未结束",
            "no stratum has enough valid answers about the unit" => "各层有效评议均不足",
            "an indicator has no target or no actual" => "指标缺目标或实绩",
            "the index is undefined" => "指数无可计数据",
            "the cycle's scheme has no such component" => "本周期办法无此项目",
            "the unit has no points in the component" => "本单位此项无得分",
            "a panel is recomputed only under its own rules: under others its ballots could be read off" => {
                "票决只按本办法计算，以免泄露选票"
            }
            "the cycle's scheme has another method, so its facts are not on record" => {
                "本周期办法此项方式不同，无相应记录"
            }
            other => other,
        };
        self.of(reason, zh)
    }

    /// What a line of an explanation is about. What people wrote stays: an entry's reason, a stratum's title.
    pub(super) fn line(self, line: &LossLine) -> String {
        let of_component = !line.component_id.is_empty();
        let (en, zh) = match line.kind() {
            LossKind::Mark => ("the assessor's mark", "打分"),
            LossKind::Panel => ("the panel's ballots", "票决"),
            LossKind::Start => ("starts below the maximum", "起始分低于满分"),
            LossKind::Clip if of_component => ("kept within the component", "以项目分值为限"),
            LossKind::Clip if !line.source_id.is_empty() => {
                ("kept within the source's caps", "以来源上下限为限")
            }
            LossKind::Clip => ("kept within the scheme's maximum", "以办法满分为限"),
            LossKind::Veto => ("capped by a veto", "一票否决封顶"),
            LossKind::Rounding if of_component => ("rounding of the component", "项目得分舍入"),
            LossKind::Rounding => ("rounding of the final", "总分舍入"),
            LossKind::Unspecified if line.description == "rescaled" => ("rescaled", "按满分折算"),
            LossKind::Unspecified if self == Self::Zh => return moved(&line.description),
            LossKind::Child => {
                return format!("{}{}", line.item, self.of(": its share", "：按比例计入"));
            }
            LossKind::Ratio => return self.ratio(&line.item).to_owned(),
            LossKind::Indicator => {
                let (actual, target) = line.description.split_once(" of ").unwrap_or((&line.description, ""));
                return match self {
                    Self::En => format!("{}: {actual} of {target}", line.item),
                    Self::Zh => format!("{}：实绩{actual}，目标{target}", line.item),
                };
            }
            LossKind::Entry if !line.cause_thing.is_empty() => return self.caused(line),
            LossKind::Entry | LossKind::Stratum | LossKind::Unspecified => return line.description.clone(),
        };
        self.of(en, zh).to_owned()
    }

    /// An entry that followed from a fact.
    fn caused(self, line: &LossLine) -> String {
        let (thing, id) = line.cause_thing.rsplit_once('/').unwrap_or(("", &line.cause_thing));
        let thing = match thing.rsplit('/').next().unwrap_or_default() {
            "complaints" => self.of("complaint", "投诉"),
            "campaigns" => self.of("campaign", "练兵"),
            "commitments" => self.of("commitment", "措施"),
            "cases" => self.of("case", "案件"),
            other => other,
        };
        let (en, zh) = match line.cause() {
            TariffCause::ComplaintOverdue => ("its deadline passed without a report", "逾期未报整改"),
            TariffCause::RectificationRefuted => ("it was not put right as reported", "整改查否"),
            TariffCause::ComplaintReopened => ("it was closed and had to be reopened", "办结后重开"),
            TariffCause::ComplaintSubstantiated => ("it was found to be true", "查实"),
            TariffCause::UnitStalled => ("the unit stood still", "按兵不动"),
            TariffCause::DeliveryRefuted => ("it was not delivered as reported", "兑现查否"),
            TariffCause::CommitmentLapsed => ("its day passed without delivery", "逾期未兑现"),
            TariffCause::FindingMade => ("a finding was made", "认定责任"),
            TariffCause::Unspecified => (line.description.as_str(), line.description.as_str()),
        };
        let since = line.description.rsplit_once(" since ").map_or("", |(_, day)| day);
        match (self, since) {
            (Self::En, "") => format!("{thing} {id}: {en}"),
            (Self::Zh, "") => format!("{thing} {id}：{zh}"),
            (Self::En, day) => format!("{thing} {id}: {en} from {day}"),
            (Self::Zh, day) => format!("{thing} {id}：{zh}，自{day}起"),
        }
    }

    /// Why points are at risk. What people wrote stays: a commitment's title, an entry's reason.
    pub(super) fn risk(self, risk: &Risk) -> String {
        let told = risk.description.as_str();
        match (risk.kind(), self) {
            (RiskKind::Pending, Self::Zh) => told.rsplit_once(": ").map_or_else(
                || told.to_owned(),
                |(title, reason)| format!("{title}：{}", self.pending(reason)),
            ),
            (RiskKind::Complaint, Self::Zh) => "未结投诉，期限前未报整改即为超期".to_owned(),
            (RiskKind::StandingStill, Self::Zh) if told.contains("plan") => "应报送训练计划".to_owned(),
            (RiskKind::StandingStill, Self::Zh) => "应组织训练".to_owned(),
            (RiskKind::Contested, _) => format!("{told} · {}", self.of("contested", "申诉中")),
            (
                RiskKind::Pending
                | RiskKind::Complaint
                | RiskKind::StandingStill
                | RiskKind::Commitment
                | RiskKind::Unspecified,
                _,
            ) => told.to_owned(),
        }
    }
}

/// How a simulation moves a component: `26.94 of 30 → 17.96 of 20`, or why it has no points.
fn moved(description: &str) -> String {
    let side = |side: &str| match (side, side.strip_prefix("pending: "), side.split_once(" of ")) {
        ("pending", _, _) => "待定".to_owned(),
        ("not scored", _, _) => "不计分".to_owned(),
        (_, Some(reason), _) => format!("待定（{}）", Lang::Zh.pending(reason)),
        (_, None, Some((points, max))) => format!("{points}/{max}"),
        (other, None, None) => other.to_owned(),
    };
    description.split(" → ").map(side).collect::<Vec<_>>().join(" → ")
}
