package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
)

// newDatabase returns the SQLite settings: one connection, because more of them
// get in each other's way ("database is locked") and halve the throughput.
// Pragmas such as journal_mode=wal come from the command line.
func newDatabase(o options) *config.SQL {
	sql := &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "temporal",
		MaxConns:          1,
		MaxIdleConns:      1,
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
	if o.dbFilename != "" {
		// The plugin makes an SQLite file URI of it, in which these mean something.
		sql.DatabaseName = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(o.dbFilename)
		sql.ConnectAttributes = map[string]string{"mode": "rwc"}
	}

	maps.Copy(sql.ConnectAttributes, o.sqlitePragmas)

	return sql
}

// prepareDatabase creates what is missing: the tables of a new file and the
// namespaces. Namespaces that exist are left as they are.
func prepareDatabase(o options, sql *config.SQL) error {
	if o.dbFilename != "" {
		if err := setupFile(o.dbFilename, sql); err != nil {
			return fmt.Errorf("set up database %s: %w", o.dbFilename, err)
		}
	}

	for _, name := range o.namespaces {
		ns, err := sqlite.NewNamespaceConfig(clusterName, name, false, o.searchAttributes)
		if err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}

		if err := sqlite.CreateNamespaces(sql, ns); err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}

	return nil
}

// setupFile creates the tables unless the file is already there. The schema is
// not one transaction: a marker beside the file tells a set-up that was killed
// half-way, and that file, which nothing was written to yet, is made anew.
func setupFile(name string, sql *config.SQL) error {
	marker := name + ".incomplete"

	switch _, err := os.Stat(marker); {
	case err == nil:
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			if err := os.Remove(name + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}

	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}

	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		return err
	}

	if err := sqlite.SetupSchema(sql); err != nil {
		return err
	}

	return os.Remove(marker)
}
