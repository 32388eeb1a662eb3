package channels

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// problems collects mistakes, so that a person sees them all at once.
type problems []error

// ProblemError is one mistake in one field.
type ProblemError struct {
	// Field is the field's name, for example "settings.cancel_on".
	Field string
	// Message says what is wrong with it.
	Message string
}

// Error implements error.
func (p ProblemError) Error() string { return p.Field + " " + p.Message }

func (p *problems) addf(field, format string, args ...any) {
	*p = append(*p, ProblemError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) err() error { return errors.Join(*p...) }

func (p *problems) id(id string) {
	if !ValidID(id) {
		p.addf("id", "%q must be 1 to 40 lower-case letters, digits and inner hyphens", id)
	}
}

var clientIDPattern = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

var storeHashPattern = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

func (p *problems) storeHash(hash string) {
	if !storeHashPattern.MatchString(hash) {
		p.addf("store.hash", "%q must be the lower-case letters and digits that follow /stores/ in the API path", hash)
	}
}

func (p *problems) url(field, value string, optional bool) {
	if value == "" {
		if !optional {
			p.addf(field, "is missing")
		}
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "http" && u.Scheme != "https":
		p.addf(field, "%q must be an address like https://example.com", redactURL(value))
	case u.User != nil:
		p.addf(field, "must not contain a user name or password")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(value, "#"):
		p.addf(field, "%q must not contain a query or a fragment", redactURL(value))
	}
}

// callbackURL checks the address of the callbacks of the channel with this id.
func (p *problems) callbackURL(value, id string) {
	before := len(*p)
	p.url("callback_url", value, false)
	if len(*p) > before || !ValidID(id) {
		return
	}
	u, err := url.Parse(value)
	if err != nil || !strings.HasSuffix(u.EscapedPath(), CallbackPath(id)) {
		p.addf("callback_url", "%q must end in %s, by which the ingress knows the channel", value, CallbackPath(id))
	}
}

// statusNames checks names of downstream statuses, as far as nobody has to be
// asked.
func (p *problems) statusNames(field string, names []string) {
	for _, name := range names {
		if !downstream.ValidStatusName(name) {
			p.addf(field, "%q cannot name a status: that takes 1 to %d printable characters", shortened(name), downstream.MaxStatusName)
		}
	}
}

// shortened keeps a message readable that quotes a name of any length.
func shortened(name string) string {
	if runes := []rune(name); len(runes) > downstream.MaxStatusName {
		return string(runes[:downstream.MaxStatusName]) + "…"
	}
	return name
}

// redactURL keeps what a person needs to recognize an address and drops where
// secrets are found in addresses.
func redactURL(value string) string {
	at, query := strings.LastIndex(value, "@"), strings.IndexAny(value, "?#")
	switch {
	case query >= 0 && at > query:
		return "…" // it cannot be told which of them is part of a secret
	case query >= 0:
		value = value[:query] + "…"
	}
	if at >= 0 {
		value = "…" + value[at:]
	}
	return value
}

// choice says which statuses can be chosen.
func choice(names []string) string {
	if len(names) == 0 {
		return "it has none that can be chosen"
	}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return "choose among " + strings.Join(out, ", ")
}
