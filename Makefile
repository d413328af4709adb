# loopit_leads: ingests Dealer Studio leads.  A PGXS Makefile:
#
#	make && sudo make install && make installcheck
#
# The last needs a server with max_prepared_transactions of at least 1.
# With another PostgreSQL: PG_CONFIG=/path/to/pg_config.

MODULE_big = loopit_leads
OBJS = \
	loopit_leads.o \
	src/admin/call.o \
	src/admin/client.o \
	src/admin/day_counts.o \
	src/admin/forget.o \
	src/admin/setup.o \
	src/admin/setup_alter.o \
	src/admin/setup_carry.o \
	src/admin/setup_create.o \
	src/admin/setup_drop.o \
	src/admin/setup_find.o \
	src/admin/setup_partition.o \
	src/admin/setup_recognise.o \
	src/admin/setup_step.o \
	src/admin/setup_trust.o \
	src/admin/support.o \
	src/ingest/alike.o \
	src/ingest/apply.o \
	src/ingest/base.o \
	src/ingest/decide.o \
	src/ingest/hint.o \
	src/ingest/ingest.o \
	src/ingest/outcome.o \
	src/ingest/resolve.o \
	src/payload/body.o \
	src/payload/encoding.o \
	src/payload/json_schema.o \
	src/payload/mask.o \
	src/payload/measure.o \
	src/payload/read.o \
	src/payload/reason_codes.o \
	src/report/compare.o \
	src/report/drift.o \
	src/report/path.o \
	src/report/report.o \
	src/report/report_ask.o \
	src/report/report_change.o \
	src/report/report_chart.o \
	src/report/report_figures.o \
	src/report/report_format.o \
	src/report/report_html.o \
	src/report/report_section.o \
	src/report/report_silence.o \
	src/report/report_sql.o \
	src/report/report_style.o \
	src/report/report_task.o \
	src/report/report_text.o \
	src/report/report_todo.o \
	src/report/sample.o \
	src/report/share.o \
	src/report/trait.o \
	src/report/walk.o \
	src/report/metrics.o \
	src/report/explain.o \
	src/report/explain_bodies.o \
	src/report/explain_near.o \
	src/report/issue.o \
	src/report/next.o \
	src/report/lines.o \
	src/report/printable.o \
	src/report/story.o \
	src/report/support_mail.o \
	src/report/support_row.o \
	src/report/support_sql.o \
	src/report/variants.o \
	src/store/direct/cache.o \
	src/store/direct/direct.o \
	src/store/direct/eligibility.o \
	src/store/direct/index.o \
	src/store/direct/partition.o \
	src/store/direct/tid_cache.o \
	src/store/client.o \
	src/store/day_count.o \
	src/store/forget.o \
	src/store/inventory.o \
	src/store/lead.o \
	src/store/log.o \
	src/store/look.o \
	src/store/partition.o \
	src/store/partition_drop.o \
	src/store/partition_list.o \
	src/store/planner.o \
	src/store/row.o \
	src/store/row_direct.o \
	src/store/row_sql.o \
	src/store/run.o \
	src/store/statement.o \
	src/store/store.o \
	src/store/tables.o \
	src/store/value.o \
	src/server/fault.o \
	src/server/json_find.o \
	src/server/json_out.o \
	src/server/json_write.o \
	src/server/owner.o \
	src/server/schema_version.o \
	src/rules/code.o \
	src/rules/country.o \
	src/rules/email.o \
	src/rules/escape.o \
	src/rules/field.o \
	src/rules/json_read.o \
	src/rules/malformed.o \
	src/rules/number.o \
	src/rules/repair.o \
	src/rules/scan.o \
	src/rules/search.o \
	src/rules/seen.o \
	src/rules/text.o \
	src/rules/time.o \
	src/rules/utf8.o \
	src/rules/validate.o

EXTENSION = loopit_leads
DATA = loopit_leads--1.0.sql loopit_leads--1.0--1.1.sql loopit_leads--1.1.sql
PGFILEDESC = "loopit_leads - ingests Dealer Studio leads"

REGRESS = setup setup_again setup_version setup_definition setup_trust loader_checks example fields email dates countries person address \
	documents identity_changed booking vehicles locations late_delivery unchanged_values redelivery rejected failed \
	dry_run \
	deferred tenants messages batch webhook webhook_encoding webhook_malformed payload_limits replay replay_order \
	client unresolved find_leads explain_lead support_mail payload_drift summary_and_audit hints forget forget_encodings \
	forget_hostile \
	purge purge_intervals day_counts metrics zero_id lead_schema \
	mask owner privileges dba_objects codes report pairs partition partition_hostile
REGRESS_OPTS = --inputdir=$(srcdir) --encoding=UTF8 --no-locale
ISOLATION = same_new_email same_lead_reference same_document update_update \
	asset_archived package_deleted person_erased base_order two_setups two_counts \
	replay_erased remembered_row
ISOLATION_OPTS = --inputdir=$(srcdir) --encoding=UTF8 --no-locale
TAP_TESTS ?= 1

PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wmissing-prototypes -Wdeclaration-after-statement
PG_CPPFLAGS = -I$(srcdir)/src

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# No file is compiled against a header that has changed since.
$(OBJS): $(wildcard $(srcdir)/src/*/*.h $(srcdir)/src/*/*/*.h)

# Out of tree, objects go into folders that do not exist yet.  (Not a rule:
# make would find the source tree's folders of those names.)
$(shell mkdir -p $(sort $(dir $(OBJS))))
