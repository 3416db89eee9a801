-- What the application may do with the ledger, less than with other tables (docs/protocol.md P27).
-- Replayed for each organization after the general grants; {schema} is the organization's schema.
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.audit_event FROM chancery_app;
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.audit_eventpersonal FROM chancery_app;
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.audit_eventdetails FROM chancery_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.audit_eventsequence FROM chancery_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.audit_tile FROM chancery_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.audit_checkpoint FROM chancery_app;
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.audit_ledger FROM chancery_app;
GRANT USAGE ON SCHEMA {schema} TO chancery_sequencer, chancery_eraser, chancery_retention;
GRANT SELECT ON {schema}.audit_event, {schema}.audit_eventsequence TO chancery_sequencer;
GRANT INSERT ON {schema}.audit_eventsequence, {schema}.audit_checkpoint TO chancery_sequencer;
GRANT SELECT, INSERT, UPDATE ON {schema}.audit_ledger, {schema}.audit_tile TO chancery_sequencer;
GRANT SELECT ON {schema}.audit_checkpoint TO chancery_sequencer;
GRANT SELECT, DELETE ON {schema}.audit_eventpersonal TO chancery_eraser;
GRANT SELECT, DELETE ON {schema}.audit_event, {schema}.audit_eventpersonal, {schema}.audit_eventdetails TO chancery_retention;
