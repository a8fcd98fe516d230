-- For other tools: what docs/sql.md describes, written for each generation, shown of the one that is read.

-- Each cycle, and up to where of each log its rows contain everything.
CREATE TABLE shown_cycle (
    generation              INTEGER NOT NULL,
    jurisdiction            TEXT NOT NULL,
    cycle                   TEXT NOT NULL,
    title                   TEXT NOT NULL,
    start_date              TEXT,
    end_date                TEXT,
    scheme                  TEXT NOT NULL,
    scheme_version          INTEGER NOT NULL,
    publication             TEXT NOT NULL,
    units                   INTEGER NOT NULL,
    accountability_position INTEGER NOT NULL,
    complaints_position     INTEGER NOT NULL,
    evaluation_position     INTEGER NOT NULL,
    training_position       INTEGER NOT NULL,
    computed_at             TEXT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle)
) WITHOUT ROWID;

-- Each scorecard.
CREATE TABLE shown_scorecard (
    generation       INTEGER NOT NULL,
    jurisdiction     TEXT NOT NULL,
    cycle            TEXT NOT NULL,
    unit             TEXT NOT NULL,
    unit_title       TEXT NOT NULL,
    scheme           TEXT NOT NULL,
    scheme_version   INTEGER NOT NULL,
    publication      TEXT NOT NULL,
    max_points       TEXT NOT NULL,
    own_points       TEXT,
    daily_points     TEXT NOT NULL,
    roll_up_share    TEXT,
    roll_up_children INTEGER,
    roll_up_mean     TEXT,
    uncapped_points  TEXT,
    final_points     TEXT,
    lost_points      TEXT,
    unit_group       INTEGER NOT NULL,
    group_size       INTEGER NOT NULL,
    ranked           INTEGER NOT NULL,
    rank             INTEGER,
    rank_low         INTEGER,
    rank_high        INTEGER,
    excellent_places INTEGER NOT NULL,
    excellent        INTEGER NOT NULL,
    vetoed           INTEGER NOT NULL,
    stalled          INTEGER NOT NULL,
    digest           INTEGER NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit)
) WITHOUT ROWID;

-- Each component of a scorecard.
CREATE TABLE shown_component (
    generation     INTEGER NOT NULL,
    jurisdiction   TEXT NOT NULL,
    cycle          TEXT NOT NULL,
    unit           TEXT NOT NULL,
    component      TEXT NOT NULL,
    place          INTEGER NOT NULL,
    title          TEXT NOT NULL,
    method         TEXT NOT NULL,
    max_points     TEXT NOT NULL,
    points         TEXT,
    pending_reason TEXT,
    forms_issued   INTEGER,
    forms_returned INTEGER,
    return_rate    TEXT,
    interval_low   TEXT,
    interval_high  TEXT,
    bound_low      TEXT,
    bound_high     TEXT,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, component)
) WITHOUT ROWID;

-- Each stratum of a survey.
CREATE TABLE shown_stratum (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    component    TEXT NOT NULL,
    stratum      TEXT NOT NULL,
    valid        INTEGER NOT NULL,
    mean         TEXT,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, component, stratum)
) WITHOUT ROWID;

-- Each ratio of an index.
CREATE TABLE shown_ratio (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    component    TEXT NOT NULL,
    ratio        TEXT NOT NULL,
    weight       TEXT NOT NULL,
    value        TEXT,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, component, ratio)
) WITHOUT ROWID;

-- Each source of the daily assessment.
CREATE TABLE shown_daily (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    source       TEXT NOT NULL,
    place        INTEGER NOT NULL,
    title        TEXT NOT NULL,
    sum          TEXT NOT NULL,
    clipped      TEXT NOT NULL,
    entries      INTEGER NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, source)
) WITHOUT ROWID;

-- The four in place of each scorecard.
CREATE TABLE shown_four_in_place (
    generation                INTEGER NOT NULL,
    jurisdiction              TEXT NOT NULL,
    cycle                     TEXT NOT NULL,
    unit                      TEXT NOT NULL,
    indicators                INTEGER NOT NULL,
    indicators_reported       INTEGER NOT NULL,
    indicators_reached        INTEGER NOT NULL,
    commitments               INTEGER NOT NULL,
    commitments_delivered     INTEGER NOT NULL,
    commitments_due           INTEGER NOT NULL,
    commitments_due_delivered INTEGER NOT NULL,
    commitments_refuted       INTEGER NOT NULL,
    commitments_lapsed        INTEGER NOT NULL,
    complaints                INTEGER NOT NULL,
    complaints_closed         INTEGER NOT NULL,
    complaints_overdue        INTEGER NOT NULL,
    complaints_due            INTEGER NOT NULL,
    complaints_on_time        INTEGER NOT NULL,
    complaints_open           INTEGER NOT NULL,
    complaints_open_overdue   INTEGER NOT NULL,
    complaints_reopened       INTEGER NOT NULL,
    satisfaction              TEXT,
    cases                     INTEGER NOT NULL,
    cases_closed              INTEGER NOT NULL,
    findings                  INTEGER NOT NULL,
    dispositions              INTEGER NOT NULL,
    dispositions_executed     INTEGER NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit)
) WITHOUT ROWID;

-- Training of each unit with those below it.
CREATE TABLE shown_training (
    generation                 INTEGER NOT NULL,
    jurisdiction               TEXT NOT NULL,
    cycle                      TEXT NOT NULL,
    unit                       TEXT NOT NULL,
    campaign                   TEXT NOT NULL,
    participated               INTEGER NOT NULL,
    participated_of            INTEGER NOT NULL,
    leaders_participated       INTEGER NOT NULL,
    leaders_participated_of    INTEGER NOT NULL,
    passed                     INTEGER NOT NULL,
    passed_of                  INTEGER NOT NULL,
    grassroots_covered         INTEGER NOT NULL,
    grassroots_covered_of      INTEGER NOT NULL,
    total_hours                TEXT NOT NULL,
    median_hours               TEXT NOT NULL,
    busiest_officers           INTEGER NOT NULL,
    busiest_hours              TEXT NOT NULL,
    officers_over_cap          INTEGER NOT NULL,
    centralised_hours_over_cap TEXT NOT NULL,
    needs_open                 INTEGER NOT NULL,
    needs_met                  INTEGER NOT NULL,
    plans_filed                INTEGER NOT NULL,
    plans_filed_of             INTEGER NOT NULL,
    plans_approved             INTEGER NOT NULL,
    plans_approved_of          INTEGER NOT NULL,
    units_stalled              INTEGER NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit)
) WITHOUT ROWID;

-- Its sessions and hours by what they were.
CREATE TABLE shown_training_part (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    item         TEXT NOT NULL,
    sessions     INTEGER NOT NULL,
    hours        TEXT NOT NULL,
    passed       INTEGER,
    passed_of    INTEGER,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, kind, item)
) WITHOUT ROWID;

-- Each line of where the points went.
CREATE TABLE shown_loss (
    generation     INTEGER NOT NULL,
    jurisdiction   TEXT NOT NULL,
    cycle          TEXT NOT NULL,
    unit           TEXT NOT NULL,
    line           INTEGER NOT NULL,
    component      TEXT,
    source         TEXT,
    kind           TEXT NOT NULL,
    item           TEXT,
    description    TEXT NOT NULL,
    points         TEXT NOT NULL,
    forms          INTEGER,
    cause          TEXT,
    cause_thing    TEXT,
    cause_event_id TEXT,
    tariff_points  TEXT,
    contested      INTEGER NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, line)
) WITHOUT ROWID;

-- The events that a line comes from.
CREATE TABLE shown_loss_event (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    line         INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    service      TEXT NOT NULL,
    position     INTEGER NOT NULL,
    event_id     TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    occurred_at  TEXT,
    recorded_at  TEXT,
    actor        TEXT,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, line, number)
) WITHOUT ROWID;

-- The officers whom the facts behind a line name.
CREATE TABLE shown_loss_officer (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    line         INTEGER NOT NULL,
    officer      TEXT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, line, officer)
) WITHOUT ROWID;

-- The vetoes that stand.
CREATE TABLE shown_veto (
    generation   INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    case_name    TEXT NOT NULL,
    position     INTEGER NOT NULL,
    event_id     TEXT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, case_name)
) WITHOUT ROWID;

-- Up to where of each log all rows contain everything.
CREATE TABLE shown_freshness (
    generation    INTEGER NOT NULL,
    service       TEXT NOT NULL,
    position      INTEGER NOT NULL,
    recorded_at   TEXT,
    head_position INTEGER NOT NULL,
    alarm         TEXT,
    written_at    TEXT NOT NULL,
    PRIMARY KEY (generation, service)
) WITHOUT ROWID;

CREATE VIEW cycle AS SELECT
    jurisdiction, cycle, title, start_date, end_date, scheme, scheme_version, publication, units,
    accountability_position, complaints_position, evaluation_position, training_position, computed_at
FROM shown_cycle WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW scorecard AS SELECT
    jurisdiction, cycle, unit, unit_title, scheme, scheme_version, publication, max_points, own_points,
    daily_points, roll_up_share, roll_up_children, roll_up_mean, uncapped_points, final_points, lost_points,
    unit_group, group_size, ranked, rank, rank_low, rank_high, excellent_places, excellent, vetoed, stalled
FROM shown_scorecard WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW component AS SELECT
    jurisdiction, cycle, unit, component, place, title, method, max_points, points, pending_reason,
    forms_issued, forms_returned, return_rate, interval_low, interval_high, bound_low, bound_high
FROM shown_component WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW stratum AS SELECT
    jurisdiction, cycle, unit, component, stratum, valid, mean
FROM shown_stratum WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW ratio AS SELECT
    jurisdiction, cycle, unit, component, ratio, weight, value
FROM shown_ratio WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW daily AS SELECT
    jurisdiction, cycle, unit, source, place, title, sum, clipped, entries
FROM shown_daily WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW four_in_place AS SELECT
    jurisdiction, cycle, unit, indicators, indicators_reported, indicators_reached, commitments,
    commitments_delivered, commitments_due, commitments_due_delivered, commitments_refuted,
    commitments_lapsed, complaints, complaints_closed, complaints_overdue, complaints_due,
    complaints_on_time, complaints_open, complaints_open_overdue, complaints_reopened, satisfaction, cases,
    cases_closed, findings, dispositions, dispositions_executed
FROM shown_four_in_place WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW training AS SELECT
    jurisdiction, cycle, unit, campaign, participated, participated_of, leaders_participated,
    leaders_participated_of, passed, passed_of, grassroots_covered, grassroots_covered_of, total_hours,
    median_hours, busiest_officers, busiest_hours, officers_over_cap, centralised_hours_over_cap,
    needs_open, needs_met, plans_filed, plans_filed_of, plans_approved, plans_approved_of, units_stalled
FROM shown_training WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW training_part AS SELECT
    jurisdiction, cycle, unit, kind, item, sessions, hours, passed, passed_of
FROM shown_training_part WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW loss AS SELECT
    jurisdiction, cycle, unit, line, component, source, kind, item, description, points, forms, cause,
    cause_thing, cause_event_id, tariff_points, contested
FROM shown_loss WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW loss_event AS SELECT
    jurisdiction, cycle, unit, line, number, service, position, event_id, event_type, occurred_at,
    recorded_at, actor
FROM shown_loss_event WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW loss_officer AS SELECT
    jurisdiction, cycle, unit, line, officer
FROM shown_loss_officer WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW veto AS SELECT
    jurisdiction, cycle, unit, case_name, position, event_id
FROM shown_veto WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW freshness AS SELECT
    service, position, recorded_at, head_position, alarm, written_at
FROM shown_freshness WHERE generation = (SELECT number FROM generation WHERE current = 1);
