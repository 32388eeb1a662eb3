package channels

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that reads and writes as text such as "3m0s",
// because people read it in settings files and in workflow histories.
type Duration time.Duration

// Std returns d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns the duration in the form of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It accepts what
// time.ParseDuration accepts.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("duration %q must look like 90s, 5m or 24h: %w", text, err)
	}
	*d = Duration(parsed)
	return nil
}
