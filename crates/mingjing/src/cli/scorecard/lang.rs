//! The labels of a scorecard, in English and Chinese.

use clap::ValueEnum;

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
}
