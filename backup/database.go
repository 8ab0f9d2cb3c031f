package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// SERVICE_NAME and IDENTITY_VIEW in lib/contract/store-identity.ts.
	serviceName  = "mlflow"
	identityView = "mlflow_stack_identity"
)

// A dump of a large table, or the copy back, takes longer than MLflow allows its queries.
const sessionOptions = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0" +
	" -c client_min_messages=warning"

// database is a connection to MLflow's database, as its libpq service file names it.
type database struct {
	connection *pgx.Conn
	schema     string
	postgres   int
}

// openDatabase connects to the database and takes its lock. The others are told that this verb holds it.
func openDatabase(ctx context.Context, verb string) (*database, error) {
	if os.Getenv("PGSERVICEFILE") == "" {
		return nil, usage("PGSERVICEFILE is not set", "Set it to the path of a libpq service file with the service "+serviceName+".")
	}
	d, err := connect(ctx, "service="+serviceName+" application_name='mlflow-stack "+verb+"'")
	if err != nil {
		return nil, err
	}
	if err := d.lock(ctx); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func connect(ctx context.Context, address string) (*database, error) {
	limited, cancel := context.WithTimeout(ctx, targetTimeout)
	defer cancel()
	connection, err := pgx.Connect(limited, address)
	if err != nil {
		return nil, databaseFailure(err)
	}
	d := &database{connection: connection}
	row := connection.QueryRow(ctx, "select current_schema(), current_setting('server_version_num')::int / 10000,"+
		" set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)")
	if err := row.Scan(&d.schema, &d.postgres, nil, nil); err != nil {
		d.close()
		return nil, databaseFailure(err)
	}
	return d, nil
}

func databaseFailure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fail(statusFailed, "Check that PostgreSQL runs and accepts the password.", "the database does not answer: %s", reason(err))
}

func (d *database) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = d.connection.Close(ctx)
}

// lock takes the lock of everything that deletes or restores. It ends with the connection, also after `kill -9`.
func (d *database) lock(ctx context.Context) error {
	var taken bool
	if err := d.connection.QueryRow(ctx, "select pg_try_advisory_lock($1)", advisoryLock).Scan(&taken); err != nil {
		return databaseFailure(err)
	}
	if !taken {
		return fail(statusLocked, "Wait until it has ended, then start this again.",
			"another backup, restore, migration or garbage collection is running")
	}
	return nil
}

// moment is a snapshot of the database, which lasts as long as the transaction of the connection.
type moment struct {
	snapshot string
	time     time.Time
	revision string
}

func (d *database) begin(ctx context.Context) (*moment, error) {
	m := &moment{}
	if _, err := d.connection.Exec(ctx, "begin isolation level repeatable read, read only"); err != nil {
		return nil, databaseFailure(err)
	}
	// The time comes after the snapshot: what is in the bucket by then is what the rows of the snapshot name.
	row := d.connection.QueryRow(ctx, "select pg_export_snapshot(), clock_timestamp()")
	if err := row.Scan(&m.snapshot, &m.time); err != nil {
		return nil, databaseFailure(err)
	}
	m.time = m.time.UTC()
	var err error
	m.revision, err = d.revision(ctx)
	return m, err
}

// revision is the revision of MLflow's schema, or empty if there is none.
func (d *database) revision(ctx context.Context) (string, error) {
	var revision *string
	var exists bool
	if err := d.connection.QueryRow(ctx, "select to_regclass('alembic_version') is not null").Scan(&exists); err != nil || !exists {
		return "", err
	}
	if err := d.connection.QueryRow(ctx, "select max(version_num) from alembic_version").Scan(&revision); err != nil || revision == nil {
		return "", err
	}
	return *revision, nil
}

func (d *database) tables(ctx context.Context) ([]string, error) {
	rows, err := d.connection.Query(ctx,
		"select c.relname from pg_class c where c.relkind in ('r', 'p') and not c.relispartition"+
			" and c.relnamespace = $1::regnamespace and c.relname not like $2 order by 1", pgx.Identifier{d.schema}.Sanitize(), identityView+"%")
	if err != nil {
		return nil, databaseFailure(err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// rows counts the rows of every table.
func (d *database) rows(ctx context.Context) (map[string]int64, error) {
	tables, err := d.tables(ctx)
	if err != nil {
		return nil, err
	}
	result := map[string]int64{}
	for _, table := range tables {
		var count int64
		row := d.connection.QueryRow(ctx, "select count(*) from "+pgx.Identifier{d.schema, table}.Sanitize())
		if err := row.Scan(&count); err != nil {
			return nil, databaseFailure(err)
		}
		result[table] = count
	}
	return result, nil
}

// Rows that every MLflow has from its start on: the default experiment, its schema's revision, the default workspace.
var ownRows = map[string]string{
	"alembic_version": "false",
	"experiments":     "experiment_id <> 0",
	"workspaces":      "name <> 'default'",
}

// used are the tables in which somebody has left something.
func (d *database) used(ctx context.Context) ([]string, error) {
	tables, err := d.tables(ctx)
	if err != nil {
		return nil, err
	}
	var result []string
	for _, table := range tables {
		condition := ownRows[table]
		if condition == "" {
			condition = "true"
		}
		var found bool
		query := "select exists (select from " + pgx.Identifier{d.schema, table}.Sanitize() + " where " + condition + ")"
		if err := d.connection.QueryRow(ctx, query).Scan(&found); err != nil {
			return nil, databaseFailure(err)
		}
		if found {
			result = append(result, table)
		}
	}
	return result, nil
}

// dump streams a dump of the snapshot. Kopia compresses it, and finds what earlier dumps had. The identity of the stack
// is left out, because a restore must not give it to another one.
func (d *database) dump(ctx context.Context, m *moment) (io.ReadCloser, error) {
	schema := pgx.Identifier{d.schema}.Sanitize()
	return startReading(ctx, "pg_dump", "--dbname=service="+serviceName, "--no-password", "--format=custom", "--compress=none",
		"--no-owner", "--no-privileges", "--snapshot="+m.snapshot, "--schema="+schema,
		"--exclude-table="+schema+"."+pgx.Identifier{identityView}.Sanitize()+"*")
}

// tool is a command of PostgreSQL's, with what it says if it fails.
type tool struct {
	*exec.Cmd
	said bytes.Buffer
}

func newTool(ctx context.Context, name string, arguments ...string) *tool {
	t := &tool{Cmd: exec.CommandContext(ctx, name, arguments...)}
	t.Env = append(os.Environ(), "PGOPTIONS="+sessionOptions, "PGAPPNAME="+program, "PGCONNECT_TIMEOUT=20")
	t.Stderr = &t.said
	t.WaitDelay = 10 * time.Second
	return t
}

func (t *tool) failure(err error) error {
	if err == nil {
		return nil
	}
	said := strings.TrimSpace(t.said.String())
	if said == "" {
		said = err.Error()
	}
	return fail(statusFailed, "Check PostgreSQL's log.", "%s failed: %s", t.Args[0], reason(errors.New(said)))
}

// reading is the output of a command. Its end is an error if the command failed.
type reading struct {
	tool   *tool
	stdout io.ReadCloser
	ended  error
}

func startReading(ctx context.Context, name string, arguments ...string) (io.ReadCloser, error) {
	t := newTool(ctx, name, arguments...)
	stdout, err := t.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.Start(); err != nil {
		return nil, t.failure(err)
	}
	return &reading{tool: t, stdout: stdout}, nil
}

func (r *reading) Read(into []byte) (int, error) {
	if r.ended != nil {
		return 0, r.ended
	}
	n, err := r.stdout.Read(into)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	r.ended = io.EOF
	if failed := r.tool.failure(r.tool.Wait()); failed != nil {
		r.ended = failed
	}
	return n, r.ended
}

func (r *reading) Close() error {
	if r.ended == nil {
		_ = r.tool.Process.Kill()
		_ = r.tool.Wait()
		r.ended = io.ErrClosedPipe
	}
	return nil
}

// Drops all tables, views, sequences, types and functions of a schema that belong to the user, except the identity.
const dropAll = `do $drop$
declare one record;
begin
  for one in
    select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind,
      relname as name
    from pg_class c
    where relnamespace = %[1]s::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition
      and pg_has_role(relowner, 'usage') and relname not like '` + identityView + `%%'
      and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')
  loop
    execute format('drop %%s if exists %%I.%%I cascade', one.kind, %[2]s, one.name);
  end loop;
  for one in
    select case when relkind = 'S' then 'sequence' else 'type' end as kind, relname as name
    from pg_class c
    where relnamespace = %[1]s::regnamespace and relkind in ('S', 'c') and pg_has_role(relowner, 'usage')
      and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')
    union all
    select case when typtype = 'd' then 'domain' else 'type' end, typname
    from pg_type t
    where typnamespace = %[1]s::regnamespace and typtype in ('e', 'd') and pg_has_role(typowner, 'usage')
      and not exists (select from pg_depend where classid = 'pg_type'::regclass and objid = t.oid and deptype = 'e')
  loop
    execute format('drop %%s if exists %%I.%%I cascade', one.kind, %[2]s, one.name);
  end loop;
  for one in
    select oid::regprocedure as name from pg_proc p
    where pronamespace = %[1]s::regnamespace and pg_has_role(proowner, 'usage')
      and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'e')
  loop
    execute format('drop routine if exists %%s cascade', one.name);
  end loop;
end $drop$;
`

// restore replaces what is in the schema by a dump, in one transaction: nothing of it is seen before it is complete. Before
// the transaction ends, `last` may ask for what the dump has brought, and return statements.
func restore(ctx context.Context, address, schema string, postgres int, dump io.Reader, last func(query) ([]string, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Only what is in the schema: the schema itself is there.
	source := newTool(ctx, "pg_restore", "--schema="+schema, "--no-owner", "--no-privileges", "--file=-")
	remembered := &remembering{reader: dump}
	source.Stdin = remembered
	sql, err := source.StdoutPipe()
	if err != nil {
		return err
	}
	sink := newTool(ctx, "psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--dbname="+address)
	script, err := sink.StdinPipe()
	if err != nil {
		return err
	}
	answers, err := sink.StdoutPipe()
	if err != nil {
		return err
	}
	if err := sink.Start(); err != nil {
		return sink.failure(err)
	}
	if err := source.Start(); err != nil {
		_ = sink.Process.Kill()
		_ = sink.Wait()
		return source.failure(err)
	}
	// Nobody reads what the statements of the dump print.
	_, writing := fmt.Fprintf(script, "\\o /dev/null\nbegin;\n"+dropAll, literal(pgx.Identifier{schema}.Sanitize()), literal(schema))
	if writing == nil {
		writing = copySQL(script, sql, postgres)
	}
	if writing != nil {
		// psql has ended. What it says is the reason.
		_ = source.Process.Kill()
	}
	read := source.Wait()
	if writing == nil && read == nil {
		writing = finish(script, bufio.NewReader(answers), last)
	}
	if read != nil && writing == nil {
		// Without the commit, the end of the session rolls everything back.
		_ = sink.Process.Kill()
		_ = sink.Wait()
		if remembered.err != nil {
			return remembered.err
		}
		return source.failure(read)
	}
	_ = script.Close()
	if err := sink.failure(sink.Wait()); err != nil {
		return err
	}
	return writing
}

// finish runs the last statements of a restore's transaction, and ends it.
func finish(script io.Writer, answers *bufio.Reader, last func(query) ([]string, error)) error {
	if last == nil {
		last = func(query) ([]string, error) { return nil, nil }
	}
	statements, err := last(func(sql string) ([][]string, error) { return askPsql(script, answers, sql) })
	if err != nil {
		return err
	}
	_, err = io.WriteString(script, "\n"+strings.Join(statements, "")+"commit;\nanalyze;\n")
	return err
}

// askPsql asks in the session of a psql. No value may have a tab, a line break or a backslash.
func askPsql(script io.Writer, answers *bufio.Reader, sql string) ([][]string, error) {
	// Values are in hexadecimal, or numbers.
	const end = "end of rows"
	if _, err := io.WriteString(script, "\n\\o\ncopy ("+sql+") to stdout;\n\\echo "+end+"\n\\o /dev/null\n"); err != nil {
		return nil, err
	}
	var rows [][]string
	for {
		line, err := answers.ReadString('\n')
		if err != nil {
			return nil, err
		}
		line = strings.TrimSuffix(line, "\n")
		if line == end {
			return rows, nil
		}
		rows = append(rows, strings.Split(line, "\t"))
	}
}

// remembering keeps the error of a reader, which a command that reads from it cannot tell.
type remembering struct {
	reader io.Reader
	err    error
}

func (r *remembering) Read(into []byte) (int, error) {
	n, err := r.reader.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// copySQL copies what pg_restore writes, without a setting that older servers do not know.
func copySQL(to io.Writer, from io.Reader, postgres int) error {
	reader := bufio.NewReaderSize(from, 1<<16)
	for postgres < 17 {
		line, err := reader.ReadString('\n')
		if !strings.HasPrefix(line, "SET transaction_timeout = ") {
			if _, err := io.WriteString(to, line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		// The settings come before everything else.
		if strings.HasPrefix(line, "SET row_security") {
			break
		}
	}
	_, err := io.Copy(to, reader)
	return err
}

// ask is a query of a connection.
func (d *database) ask(ctx context.Context) query {
	return func(sql string) ([][]string, error) {
		rows, err := d.connection.Query(ctx, sql)
		if err != nil {
			return nil, databaseFailure(err)
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
			values := make([]string, len(row.FieldDescriptions()))
			into := make([]any, len(values))
			for index := range values {
				into[index] = &values[index]
			}
			return values, row.Scan(into...)
		})
	}
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
