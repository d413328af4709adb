# loopit_leads: ingests Dealer Studio leads.  A PGXS Makefile:
#
#	make && sudo make install && make installcheck
#
# With another PostgreSQL: PG_CONFIG=/path/to/pg_config.

MODULE_big = loopit_leads
OBJS = \
	loopit_leads.o \
	src/apply.o \
	src/body.o \
	src/catalogue.o \
	src/code.o \
	src/country.o \
	src/decide.o \
	src/direct.o \
	src/direct_fit.o \
	src/direct_index.o \
	src/direct_table.o \
	src/encoding.o \
	src/fault.o \
	src/field.o \
	src/hint.o \
	src/ingest.o \
	src/json_out.o \
	src/mask.o \
	src/outcome.o \
	src/owner.o \
	src/read.o \
	src/repair.o \
	src/resolve.o \
	src/rules.o \
	src/rules_time.o \
	src/schema.o \
	src/store.o \
	src/store_lead.o \
	src/store_log.o \
	src/store_row.o \
	src/store_run.o \
	src/store_setup.o \
	src/store_statement.o \
	src/store_table.o \
	src/support.o \
	src/validate.o

EXTENSION = loopit_leads
DATA = loopit_leads--1.0.sql
PGFILEDESC = "loopit_leads - ingests Dealer Studio leads"

# "codes" stands last: it looks at the log rows of all the others.
REGRESS = setup setup_again example fields email dates countries person address \
	documents booking late_delivery redelivery rejected failed dry_run \
	deferred tenants messages batch webhook webhook_encoding replay replay_order \
	unresolved find_leads summary_and_audit hints forget purge lead_schema \
	mask owner privileges dba_objects codes
REGRESS_OPTS = --inputdir=$(srcdir) --encoding=UTF8 --no-locale
ISOLATION = same_new_email same_lead_reference same_document update_update \
	asset_archived package_deleted person_erased pairs
ISOLATION_OPTS = --inputdir=$(srcdir) --encoding=UTF8 --no-locale
TAP_TESTS ?= 1

PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wmissing-prototypes -Wdeclaration-after-statement
PG_CPPFLAGS = -I$(srcdir)/src -I$(srcdir)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# No file is compiled against a header that has changed since.
$(OBJS): $(wildcard $(srcdir)/src/*.h)

# Out of tree, objects go into a folder that is not there yet.  (Not a rule:
# make would find the source tree's folder of that name.)
$(shell mkdir -p src)
