package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stamp is what a release says about itself.
type stamp struct {
	version string
	commit  string
	// time is that of every file.
	time time.Time
}

// versionForm keeps a version fit for file names, linker flags and image tags.
var versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$`)

// complete fills in what was not given: version and commit from git, and the
// time from epoch, in seconds since 1970 (SOURCE_DATE_EPOCH, see
// https://reproducible-builds.org/specs/source-date-epoch/), or the commit. A
// version that begins with v and a digit loses the v.
func (s stamp) complete(ctx context.Context, root, epoch string) (stamp, error) {
	var err error
	if s.version == "" {
		if s.version, err = git(ctx, root, "describe", "--tags", "--always", "--dirty"); err != nil {
			return stamp{}, fmt.Errorf("find out the version, or give --version: %w", err)
		}
	}
	if len(s.version) > 1 && s.version[0] == 'v' && s.version[1] >= '0' && s.version[1] <= '9' {
		s.version = s.version[1:]
	}
	if !versionForm.MatchString(s.version) {
		return stamp{}, fmt.Errorf("the version %q must be letters, digits, dots, hyphens and underscores", s.version)
	}
	if s.commit == "" {
		if s.commit, err = git(ctx, root, "rev-parse", "HEAD"); err != nil {
			return stamp{}, fmt.Errorf("find out the commit, or give --commit: %w", err)
		}
	}
	if !versionForm.MatchString(s.commit) {
		return stamp{}, fmt.Errorf("the commit %q must be letters and digits", s.commit)
	}
	if epoch == "" {
		if epoch, err = git(ctx, root, "log", "-1", "--format=%ct"); err != nil {
			return stamp{}, fmt.Errorf("find out the time of the commit, or set SOURCE_DATE_EPOCH: %w", err)
		}
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 {
		return stamp{}, fmt.Errorf("SOURCE_DATE_EPOCH %q must be a number of seconds since 1970", epoch)
	}
	s.time = time.Unix(seconds, 0).UTC()
	return s, nil
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output() //nolint:gosec // arguments of our own
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
