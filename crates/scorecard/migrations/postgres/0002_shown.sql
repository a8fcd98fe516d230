-- For other tools: what docs/sql.md describes, written for each generation, shown of the one that is read.

-- Each cycle, and up to where of each log its rows contain everything.
CREATE TABLE shown_cycle (
    generation              BIGINT NOT NULL,
    jurisdiction            TEXT NOT NULL,
    cycle                   TEXT NOT NULL,
    title                   TEXT NOT NULL,
    start_date              DATE,
    end_date                DATE,
    scheme                  TEXT NOT NULL,
    scheme_version          BIGINT NOT NULL,
    publication             TEXT NOT NULL,
    units                   BIGINT NOT NULL,
    accountability_position BIGINT NOT NULL,
    complaints_position     BIGINT NOT NULL,
    evaluation_position     BIGINT NOT NULL,
    training_position       BIGINT NOT NULL,
    computed_at             TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle)
);

-- Each scorecard.
CREATE TABLE shown_scorecard (
    generation       BIGINT NOT NULL,
    jurisdiction     TEXT NOT NULL,
    cycle            TEXT NOT NULL,
    unit             TEXT NOT NULL,
    unit_title       TEXT NOT NULL,
    scheme           TEXT NOT NULL,
    scheme_version   BIGINT NOT NULL,
    publication      TEXT NOT NULL,
    max_points       NUMERIC NOT NULL,
    own_points       NUMERIC,
    daily_points     NUMERIC NOT NULL,
    roll_up_share    NUMERIC,
    roll_up_children BIGINT,
    roll_up_mean     NUMERIC,
    uncapped_points  NUMERIC,
    final_points     NUMERIC,
    lost_points      NUMERIC,
    unit_group       BIGINT NOT NULL,
    group_size       BIGINT NOT NULL,
    ranked           BOOLEAN NOT NULL,
    rank             BIGINT,
    rank_low         BIGINT,
    rank_high        BIGINT,
    excellent_places BIGINT NOT NULL,
    excellent        BOOLEAN NOT NULL,
    vetoed           BOOLEAN NOT NULL,
    stalled          BOOLEAN NOT NULL,
    digest           BIGINT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit)
);

-- Each component of a scorecard.
CREATE TABLE shown_component (
    generation     BIGINT NOT NULL,
    jurisdiction   TEXT NOT NULL,
    cycle          TEXT NOT NULL,
    unit           TEXT NOT NULL,
    component      TEXT NOT NULL,
    place          BIGINT NOT NULL,
    title          TEXT NOT NULL,
    method         TEXT NOT NULL,
    max_points     NUMERIC NOT NULL,
    points         NUMERIC,
    pending_reason TEXT,
    forms_issued   BIGINT,
    forms_returned BIGINT,
    return_rate    NUMERIC,
    interval_low   NUMERIC,
    interval_high  NUMERIC,
    bound_low      NUMERIC,
    bound_high     NUMERIC,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, component)
);

-- Each stratum of a survey.
CREATE TABLE shown_stratum (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    component    TEXT NOT NULL,
    stratum      TEXT NOT NULL,
    valid        BIGINT NOT NULL,
    mean         NUMERIC,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, component, stratum)
);

-- Each ratio of an index.
CREATE TABLE shown_ratio (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    component    TEXT NOT NULL,
    ratio        TEXT NOT NULL,
    weight       NUMERIC NOT NULL,
    value        NUMERIC,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, component, ratio)
);

-- Each source of the daily assessment.
CREATE TABLE shown_daily (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    source       TEXT NOT NULL,
    place        BIGINT NOT NULL,
    title        TEXT NOT NULL,
    sum          NUMERIC NOT NULL,
    clipped      NUMERIC NOT NULL,
    entries      BIGINT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, source)
);

-- The four in place of each scorecard.
CREATE TABLE shown_four_in_place (
    generation                BIGINT NOT NULL,
    jurisdiction              TEXT NOT NULL,
    cycle                     TEXT NOT NULL,
    unit                      TEXT NOT NULL,
    indicators                BIGINT NOT NULL,
    indicators_reported       BIGINT NOT NULL,
    indicators_reached        BIGINT NOT NULL,
    commitments               BIGINT NOT NULL,
    commitments_delivered     BIGINT NOT NULL,
    commitments_due           BIGINT NOT NULL,
    commitments_due_delivered BIGINT NOT NULL,
    commitments_refuted       BIGINT NOT NULL,
    commitments_lapsed        BIGINT NOT NULL,
    complaints                BIGINT NOT NULL,
    complaints_closed         BIGINT NOT NULL,
    complaints_overdue        BIGINT NOT NULL,
    complaints_due            BIGINT NOT NULL,
    complaints_on_time        BIGINT NOT NULL,
    complaints_open           BIGINT NOT NULL,
    complaints_open_overdue   BIGINT NOT NULL,
    complaints_reopened       BIGINT NOT NULL,
    satisfaction              NUMERIC,
    cases                     BIGINT NOT NULL,
    cases_closed              BIGINT NOT NULL,
    findings                  BIGINT NOT NULL,
    dispositions              BIGINT NOT NULL,
    dispositions_executed     BIGINT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit)
);

-- Training of each unit with those below it.
CREATE TABLE shown_training (
    generation                 BIGINT NOT NULL,
    jurisdiction               TEXT NOT NULL,
    cycle                      TEXT NOT NULL,
    unit                       TEXT NOT NULL,
    campaign                   TEXT NOT NULL,
    participated               BIGINT NOT NULL,
    participated_of            BIGINT NOT NULL,
    leaders_participated       BIGINT NOT NULL,
    leaders_participated_of    BIGINT NOT NULL,
    passed                     BIGINT NOT NULL,
    passed_of                  BIGINT NOT NULL,
    grassroots_covered         BIGINT NOT NULL,
    grassroots_covered_of      BIGINT NOT NULL,
    total_hours                NUMERIC NOT NULL,
    median_hours               NUMERIC NOT NULL,
    busiest_officers           BIGINT NOT NULL,
    busiest_hours              NUMERIC NOT NULL,
    officers_over_cap          BIGINT NOT NULL,
    centralised_hours_over_cap NUMERIC NOT NULL,
    needs_open                 BIGINT NOT NULL,
    needs_met                  BIGINT NOT NULL,
    plans_filed                BIGINT NOT NULL,
    plans_filed_of             BIGINT NOT NULL,
    plans_approved             BIGINT NOT NULL,
    plans_approved_of          BIGINT NOT NULL,
    units_stalled              BIGINT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit)
);

-- Its sessions and hours by what they were.
CREATE TABLE shown_training_part (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    item         TEXT NOT NULL,
    sessions     BIGINT NOT NULL,
    hours        NUMERIC NOT NULL,
    passed       BIGINT,
    passed_of    BIGINT,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, kind, item)
);

-- Each line of where the points went.
CREATE TABLE shown_loss (
    generation     BIGINT NOT NULL,
    jurisdiction   TEXT NOT NULL,
    cycle          TEXT NOT NULL,
    unit           TEXT NOT NULL,
    line           BIGINT NOT NULL,
    component      TEXT,
    source         TEXT,
    kind           TEXT NOT NULL,
    item           TEXT,
    description    TEXT NOT NULL,
    points         NUMERIC NOT NULL,
    forms          BIGINT,
    cause          TEXT,
    cause_thing    TEXT,
    cause_event_id TEXT,
    tariff_points  NUMERIC,
    contested      BOOLEAN NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, line)
);

-- The events that a line comes from.
CREATE TABLE shown_loss_event (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    line         BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    service      TEXT NOT NULL,
    position     BIGINT NOT NULL,
    event_id     TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    occurred_at  TIMESTAMPTZ,
    recorded_at  TIMESTAMPTZ,
    actor        TEXT,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, line, number)
);

-- The officers whom the facts behind a line name.
CREATE TABLE shown_loss_officer (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    line         BIGINT NOT NULL,
    officer      TEXT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, line, officer)
);

-- The vetoes that stand.
CREATE TABLE shown_veto (
    generation   BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    cycle        TEXT NOT NULL,
    unit         TEXT NOT NULL,
    case_name    TEXT NOT NULL,
    position     BIGINT NOT NULL,
    event_id     TEXT NOT NULL,
    PRIMARY KEY (generation, jurisdiction, cycle, unit, case_name)
);

-- Up to where of each log all rows contain everything.
CREATE TABLE shown_freshness (
    generation    BIGINT NOT NULL,
    service       TEXT NOT NULL,
    position      BIGINT NOT NULL,
    recorded_at   TIMESTAMPTZ,
    head_position BIGINT NOT NULL,
    alarm         TEXT,
    written_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (generation, service)
);

-- Not named as a user may be: its own schema would go before `public`.
CREATE SCHEMA mingjing_read;

CREATE VIEW mingjing_read.cycle AS SELECT
    jurisdiction, cycle, title, start_date, end_date, scheme, scheme_version, publication, units,
    accountability_position, complaints_position, evaluation_position, training_position, computed_at
FROM shown_cycle WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.scorecard AS SELECT
    jurisdiction, cycle, unit, unit_title, scheme, scheme_version, publication, max_points, own_points,
    daily_points, roll_up_share, roll_up_children, roll_up_mean, uncapped_points, final_points, lost_points,
    unit_group, group_size, ranked, rank, rank_low, rank_high, excellent_places, excellent, vetoed, stalled
FROM shown_scorecard WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.component AS SELECT
    jurisdiction, cycle, unit, component, place, title, method, max_points, points, pending_reason,
    forms_issued, forms_returned, return_rate, interval_low, interval_high, bound_low, bound_high
FROM shown_component WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.stratum AS SELECT
    jurisdiction, cycle, unit, component, stratum, valid, mean
FROM shown_stratum WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.ratio AS SELECT
    jurisdiction, cycle, unit, component, ratio, weight, value
FROM shown_ratio WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.daily AS SELECT
    jurisdiction, cycle, unit, source, place, title, sum, clipped, entries
FROM shown_daily WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.four_in_place AS SELECT
    jurisdiction, cycle, unit, indicators, indicators_reported, indicators_reached, commitments,
    commitments_delivered, commitments_due, commitments_due_delivered, commitments_refuted,
    commitments_lapsed, complaints, complaints_closed, complaints_overdue, complaints_due,
    complaints_on_time, complaints_open, complaints_open_overdue, complaints_reopened, satisfaction, cases,
    cases_closed, findings, dispositions, dispositions_executed
FROM shown_four_in_place WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.training AS SELECT
    jurisdiction, cycle, unit, campaign, participated, participated_of, leaders_participated,
    leaders_participated_of, passed, passed_of, grassroots_covered, grassroots_covered_of, total_hours,
    median_hours, busiest_officers, busiest_hours, officers_over_cap, centralised_hours_over_cap,
    needs_open, needs_met, plans_filed, plans_filed_of, plans_approved, plans_approved_of, units_stalled
FROM shown_training WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.training_part AS SELECT
    jurisdiction, cycle, unit, kind, item, sessions, hours, passed, passed_of
FROM shown_training_part WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.loss AS SELECT
    jurisdiction, cycle, unit, line, component, source, kind, item, description, points, forms, cause,
    cause_thing, cause_event_id, tariff_points, contested
FROM shown_loss WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.loss_event AS SELECT
    jurisdiction, cycle, unit, line, number, service, position, event_id, event_type, occurred_at,
    recorded_at, actor
FROM shown_loss_event WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.loss_officer AS SELECT
    jurisdiction, cycle, unit, line, officer
FROM shown_loss_officer WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.veto AS SELECT
    jurisdiction, cycle, unit, case_name, position, event_id
FROM shown_veto WHERE generation = (SELECT number FROM generation WHERE current = 1);
CREATE VIEW mingjing_read.freshness AS SELECT
    service, position, recorded_at, head_position, alarm, written_at
FROM shown_freshness WHERE generation = (SELECT number FROM generation WHERE current = 1);

-- Who may read them, and nothing else. Where this role may not make roles, docs/sql.md says what to run.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mingjing_reader') THEN
        CREATE ROLE mingjing_reader NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE NOTICE 'the role mingjing_reader was not made';
END $$;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'mingjing_reader') THEN
        GRANT USAGE ON SCHEMA mingjing_read TO mingjing_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA mingjing_read TO mingjing_reader;
    END IF;
END $$;
