package downstream

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Driver is a kind of downstream system as sales channels name and configure
// it. An adapter's package exports one, and the worker lists them all.
type Driver struct {
	// Name is what channels call it, for example "vendure": lower-case letters
	// and digits.
	Name string
	// Title is what the system is called by those who make it.
	Title string
	// BaseURL is the address of a channel that gives none; "" if it has to.
	BaseURL string
	// Credential says what a channel's token is here, in the words of the
	// system: "the password of an administrator".
	Credential string
	// Permissions says which rights the credential needs, in the words of the
	// system.
	Permissions string
	// Statuses are the system's statuses; none if they are asked from it.
	Statuses []Status
	// Options are what a channel can, or must, say beside address and token, in
	// the order in which a person should see them.
	Options []Option
	// Open makes an adapter from a configuration that is checked and complete. It does
	// not talk to the system.
	Open func(Config) (Adapter, error)
}

// Drivers are all that channels can name.
type Drivers []Driver

// Find returns the driver of this name, and whether there is one.
func (d Drivers) Find(name string) (Driver, bool) {
	i := slices.IndexFunc(d, func(driver Driver) bool { return driver.Name == name })
	if i < 0 {
		return Driver{}, false
	}
	return d[i], true
}

// Names lists the names, for messages.
func (d Drivers) Names() string {
	names := make([]string, 0, len(d))
	for _, driver := range d {
		names = append(names, driver.Name)
	}
	return strings.Join(names, ", ")
}

// Config is the connection of one sales channel.
type Config struct {
	// Channel is the id of the sales channel, for messages.
	Channel string
	// BaseURL is the address of the system.
	BaseURL string
	// Token is the credential in the clear.
	Token string
	// Options are those of the Driver. None of them is a secret.
	Options Values
	// Timeout bounds one request.
	Timeout time.Duration
	// Transport carries the requests; nil means the adapter's default.
	Transport http.RoundTripper
}

// SettingError is one mistake in the connection of a channel. It repeats no
// value: a secret can be pasted into any field.
type SettingError struct {
	// Field is the field's name below a channel's "downstream", for example
	// "base_url", "token" or "options.store_id".
	Field string
	// Message says what is wrong with it.
	Message string
}

// Error implements error.
func (e SettingError) Error() string { return "downstream." + e.Field + " " + e.Message }

// Check returns every mistake that can be found without the credential and
// without asking the system.
func (d Driver) Check(baseURL string, options Values) []SettingError {
	var mistakes []SettingError
	wrongf := func(field, format string, args ...any) {
		mistakes = append(mistakes, SettingError{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if baseURL == "" && d.BaseURL == "" {
		wrongf("base_url", "is missing: the adapter %s has no address of its own", d.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		switch {
		case !optionName.MatchString(name):
			// Whatever stands there is not repeated.
			wrongf("options", "has a name that is none: names are lower-case letters, digits and underscores, 64 at most")
		case !slices.ContainsFunc(d.Options, func(o Option) bool { return o.Name == name }):
			wrongf(optionField(name), "is not an option of the adapter %s, which has %s", d.Name, d.optionNames())
		}
	}
	for _, option := range d.Options {
		value, given := options[option.Name]
		if !given {
			if option.Required {
				wrongf(optionField(option.Name), "is missing: %s", option.Usage)
			}
			continue
		}
		if mistake := option.check(value); mistake != "" {
			wrongf(optionField(option.Name), "%s", mistake)
		}
	}
	return mistakes
}

var optionName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

func optionField(name string) string { return "options." + name }

func (d Driver) optionNames() string {
	if len(d.Options) == 0 {
		return "none"
	}
	names := make([]string, 0, len(d.Options))
	for _, option := range d.Options {
		names = append(names, option.Name)
	}
	return strings.Join(names, ", ")
}

// New checks a configuration, completes it with defaults and makes an adapter.
// It fails with Misconfigured; the error wraps a SettingError for each mistake
// that it could pin to a field.
func (d Driver) New(config Config) (Adapter, error) {
	mistakes := d.Check(config.BaseURL, config.Options)
	if config.Token == "" {
		mistakes = append(mistakes, SettingError{Field: "token", Message: "is missing: it is " + d.Credential})
	}
	if len(mistakes) > 0 {
		return nil, misconfigured(config, mistakes...)
	}
	if config.BaseURL == "" {
		config.BaseURL = d.BaseURL
	}
	config.Options = d.complete(config.Options)
	return d.Open(config)
}

// misconfigured is the error of a configuration with these mistakes.
func misconfigured(config Config, mistakes ...SettingError) error {
	errs := make([]error, 0, len(mistakes))
	texts := make([]string, 0, len(mistakes))
	for _, mistake := range mistakes {
		errs, texts = append(errs, mistake), append(texts, mistake.Error())
	}
	return &Error{
		Kind: Misconfigured, Channel: config.Channel, Call: "connect",
		Detail: strings.Join(texts, "; "), Advice: "correct the channel's downstream settings", Err: errors.Join(errs...),
	}
}

// SplitCredential returns the two halves of a token that is written as
// FIRST:SECOND. The first cannot hold a colon.
func SplitCredential(config Config) (first, second string, err error) {
	first, second, found := strings.Cut(config.Token, ":")
	if !found || first == "" || second == "" {
		return "", "", misconfigured(config, SettingError{Field: "token", Message: "must be two parts with a colon between them"})
	}
	return first, second, nil
}

// complete fills in the defaults.
func (d Driver) complete(options Values) Values {
	out := maps.Clone(options)
	if out == nil {
		out = Values{}
	}
	for _, option := range d.Options {
		if _, given := out[option.Name]; !given && option.Default != "" {
			out[option.Name] = option.Default
		}
	}
	return out
}

// Account returns what tells one account at the system from another: its
// address and the options that separate accounts, complete with defaults.
func (d Driver) Account(baseURL string, options Values) (address string, parts []string) {
	if baseURL == "" {
		baseURL = d.BaseURL
	}
	complete := d.complete(options)
	for _, option := range d.Options {
		if option.Account {
			parts = append(parts, option.Name+"="+complete[option.Name])
		}
	}
	return baseURL, parts
}
