package process

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker in released builds.
var (
	version = ""
	commit  = ""
)

// Version says what this binary was built from.
type Version struct {
	// Version is the released version, or "unreleased".
	Version string `json:"version"`
	// Commit is the commit, or "unknown".
	Commit string `json:"commit"`
	// Go is the version of Go that built it.
	Go string `json:"go"`
}

// ReadVersion returns what is known of this binary: what the linker was told,
// or what the go command recorded.
func ReadVersion() Version {
	v := Version{Version: version, Commit: commit, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v.Version == "" && info.Main.Version != "(devel)" {
			v.Version = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && v.Commit == "" {
				v.Commit = setting.Value
			}
		}
	}
	if v.Version == "" {
		v.Version = "unreleased"
	}
	if v.Commit == "" {
		v.Commit = "unknown"
	}
	return v
}

// String returns one line for people.
func (v Version) String() string {
	return fmt.Sprintf("orderbridge %s (commit %s, %s)", v.Version, v.Commit, v.Go)
}

// UserAgent returns what the process calls itself in requests.
func (v Version) UserAgent() string { return "Orderbridge/" + v.Version }
