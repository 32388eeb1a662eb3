package overhttp

import (
	"errors"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Mistake is one thing that is wrong with an adapter's configuration. It quotes
// no value: a secret can be pasted into any field.
type Mistake struct {
	// Setting is where a channel says it, as in downstream.SettingError.Field:
	// "base_url", "token" or "options.store_id". Empty for what no channel
	// says.
	Setting string
	// Name is what people call it, for example "the store id".
	Name string
	// Message continues a sentence that begins with either of them, for
	// example "is negative".
	Message string
}

// Mistakes are all that is wrong with a configuration, so that a person learns
// of everything at once. The zero value has none.
type Mistakes []Mistake

// If notes a mistake when wrong is true. See Mistake for the rest.
func (m *Mistakes) If(wrong bool, setting, name, message string) {
	if wrong {
		*m = append(*m, Mistake{Setting: setting, Name: name, Message: message})
	}
}

// misconfigured returns nil without a mistake, and otherwise an error of kind
// Misconfigured that names all of them. It wraps a downstream.SettingError for
// each that a channel can correct.
func misconfigured(channel, call string, mistakes Mistakes) error {
	if len(mistakes) == 0 {
		return nil
	}
	var settings []error
	said := make([]string, 0, len(mistakes))
	for _, mistake := range mistakes {
		said = append(said, mistake.Name+" "+mistake.Message)
		if mistake.Setting != "" {
			settings = append(settings, downstream.SettingError{Field: mistake.Setting, Message: mistake.Message})
		}
	}
	return &downstream.Error{
		Kind: downstream.Misconfigured, Channel: channel, Call: call, Detail: strings.Join(said, "; "),
		Advice: "correct the channel's downstream settings", Err: errors.Join(settings...),
	}
}
