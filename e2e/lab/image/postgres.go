package image

import "kubearmor.io/e2e/lab/debian"

// postgresID is the user's number in the official image.
const postgresID = 999

const postgresBin = "/usr/lib/postgresql/15/bin/"

// postgres is PostgreSQL 15 on Debian with its data folder initialised, so that
// the server starts as its user at once.
func postgres() recipe {
	return recipe{
		name: "postgres", version: 1, suite: debian.Bookworm, spare: 128,
		packages: []string{"postgresql-15", "postgresql-client-15", "bash", "dash", "coreutils", "sed", "grep", "findutils"},
		steps: []step{
			accounts("postgres:999:/var/lib/postgresql:/bin/bash"),
			cacheLibraries,
			ownFolders(postgresID, "var/lib/postgresql", "var/lib/postgresql/data", "run/postgresql"),
			runInsideAs(postgresID, nil, postgresBin+"initdb", "-D", postgresData, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"),
		},
		process: Process{
			Args: []string{postgresBin + "postgres", "-D", postgresData},
			Env:  []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin", "PGDATA=" + postgresData},
			Dir:  "/", UID: postgresID, GID: postgresID,
		},
	}
}

const postgresData = "/var/lib/postgresql/data"
