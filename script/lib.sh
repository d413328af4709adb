# lib.sh: what script/demo, script/test and the others have in common: a
# PostgreSQL to build with, and a private copy of it to install into, so that
# nothing of the system's is touched and two runs do not see each other.
#
# Sourced, not run.  Variables that may be set from outside:
#   PG_CONFIG        the pg_config to build with (default: the one on PATH)
#   LOOPIT_INSTALL   "no": never install a package

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# Installs the packages that dpkg does not know as installed.
install_packages() {
	local missing=() package sudo=()
	for package; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "${LOOPIT_INSTALL:-}" != no ] || die "missing packages: ${missing[*]}"
	command -v apt-get >/dev/null || die "please install: ${missing[*]}"
	[ "$(id -u)" = 0 ] || sudo=(sudo)
	say "installing ${missing[*]}"
	"${sudo[@]}" apt-get -qq update >&2 || true
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
		die "could not install: ${missing[*]}"
}

# The same for what a script can do without, where nothing may be installed.
install_optional_packages() {
	if [ "${LOOPIT_INSTALL:-}" != no ] && command -v apt-get >/dev/null; then
		install_packages "$@"
	fi
}

# A pg_config that has a server and its headers.
usable_pg_config() {
	local config=$1
	[ -n "$(command -v "$config")" ] &&
		[ -f "$("$config" --pgxs)" ] &&
		[ -f "$("$config" --includedir-server)/postgres.h" ] &&
		[ -x "$("$config" --bindir)/postgres" ]
}

# The major version of Debian's own PostgreSQL.
debian_postgresql_version() {
	apt-cache depends postgresql 2>/dev/null |
		sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1
}

# The suite that this machine is.
debian_suite() {
	# shellcheck disable=SC1091
	(. /etc/os-release && echo "$VERSION_CODENAME")
}

# The source of a version of PostgreSQL as a suite of Debian's has it, in
# $cache/postgresql-VERSION, which $source is set to.  The system's lists of
# packages have binaries only, so apt gets lists of its own, in $work; no root
# is needed.
fetch_source() {
	local version=$1 suite=$2 apt mirror
	command -v apt-get >/dev/null ||
		die "no apt-get: set LOOPIT_PG_SOURCE to a folder with PostgreSQL's source"
	source=$cache/postgresql-$version
	[ ! -f "$source/configure" ] || return 0
	install_packages bzip2 tar
	# shellcheck disable=SC2016 # apt's variables, not bash's
	mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v own="$(debian_suite) main" '/^http/ && $2 " " $3 == own && !n++ { print $1 }')
	mkdir -p "$work/apt/lists/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"${mirror:-http://deb.debian.org/debian} $suite main" >"$work/apt/sources.list"
	apt=(apt-get -qq -o Dir::Etc::SourceList="$work/apt/sources.list"
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/apt/lists"
		-o Dir::Cache="$work/apt" -o APT::Sandbox::User="$(id -un)")
	say "fetching the source of postgresql-$version"
	"${apt[@]}" update >&2
	(cd "$work/apt" && "${apt[@]}" source --tar-only "postgresql-$version" >&2) ||
		die "the source of postgresql-$version could not be fetched"
	rm -rf "$source.new"
	mkdir "$source.new"
	tar -x --strip-components=1 -C "$source.new" -f "$work"/apt/postgresql-*.orig.tar.*
	mv "$source.new" "$source"
}

# Sets PG_CONFIG; installs PostgreSQL where there is none.  Packages named as
# arguments are wanted beside it.
find_postgresql() {
	local version packages=(gcc make libc6-dev "$@")
	if [ -n "${PG_CONFIG:-}" ]; then
		usable_pg_config "$PG_CONFIG" ||
			die "$PG_CONFIG has no server or no server headers"
	elif usable_pg_config pg_config; then
		PG_CONFIG=$(command -v pg_config)
	else
		version=$(debian_postgresql_version)
		PG_CONFIG=/usr/lib/postgresql/${version:=15}/bin/pg_config
		packages+=("postgresql-$version" "postgresql-server-dev-$version")
	fi
	if command -v dpkg-query >/dev/null; then
		install_packages "${packages[@]}"
	fi
	usable_pg_config "$PG_CONFIG" || die "$PG_CONFIG is not usable"
	export PG_CONFIG
}

# PostgreSQL refuses to run as root, so root's work is done as user postgres.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- env HOME="$work" "$@"
	else
		"$@"
	fi
}

# Makes $work, a folder that goes when the script ends; "keep" leaves it.
make_work_folder() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/loopit_leads.XXXXXX")
	chmod 755 "$work"
	trap 'end_work_folder' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

end_work_folder() {
	[ -z "${mounted:-}" ] || umount "$mounted" || true
	[ -z "${keep:-}" ] || return 0
	if [ -f "$work/data/postmaster.pid" ]; then
		as_user "$bin/pg_ctl" -D "$work/data" -m immediate -s stop || true
	fi
	rm -rf "$work"
}

# A private copy of the server in $work/server: programs are copied, since a
# server finds its files beside itself, everything else is linked.  Sets $bin.
copy_server() {
	local dir
	bin=$work/server$("$PG_CONFIG" --bindir)
	for dir in sharedir libdir pkglibdir; do
		dir=$("$PG_CONFIG" "--$dir")
		mkdir -p "$work/server$dir"
		# /usr/lib itself is no folder of PostgreSQL's
		[ "$dir" = /usr/lib ] || [ "$dir" = "/usr/lib/$(gcc -print-multiarch)" ] ||
			cp -rsf "$dir/." "$work/server$dir"
	done
	rm -rf "$bin"
	mkdir -p "$bin"
	cp "$("$PG_CONFIG" --bindir)"/* "$bin"
}

# Builds the extension in $work/build, out of tree, and installs it into the
# private server.
build_extension() {
	mkdir -p "$work/build"
	build_make -s "$@" all >&2
	build_make -s "$@" install DESTDIR="$work/server" >/dev/null
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$work"
	fi
}

# make in the build folder; no bitcode, which needs a compiler of its own.
build_make() {
	make -C "$work/build" -f "$top/Makefile" PG_CONFIG="$PG_CONFIG" \
		with_llvm=no "$@"
}

# A cluster of its own in $work/data, reached through a socket in $work only.
# Sets PGHOST and PGPORT; arguments are settings, name=value.
start_cluster() {
	local setting
	as_user "$bin/initdb" -D "$work/data" -U postgres -A trust -E UTF8 \
		--no-locale --no-sync >"$work/initdb.log" || die "initdb failed: $work/initdb.log"
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$work'"
		for setting; do echo "$setting"; done
	} | as_user tee -a "$work/data/postgresql.conf" >/dev/null
	as_user "$bin/pg_ctl" -D "$work/data" -l "$work/server.log" -s -w start ||
		die "the server did not start: $work/server.log"
	export PGHOST=$work PGPORT=5432 PGUSER=postgres
}
