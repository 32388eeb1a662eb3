package downstream

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Form is what the value of an option looks like.
type Form string

const (
	// FormText is one line that is neither empty nor padded.
	FormText Form = "text"
	// FormNumber is a whole number above 0.
	FormNumber Form = "number"
	// FormDecimal is a number from 0.001 to 1000000 that may have decimals.
	FormDecimal Form = "decimal"
	// FormBool is "true" or "false".
	FormBool Form = "true or false"
	// FormPairs are names with their values: "usps=stamps_com,dhl=dhl_express".
	FormPairs Form = "pairs"
)

// MaxOption bounds the value of an option, in bytes.
const MaxOption = 1000

// Option is one thing that a channel can say about its downstream system.
type Option struct {
	// Name is lower-case letters, digits and underscores, for example
	// "store_id".
	Name string
	// Usage says in a line what it is, and where a person finds it.
	Usage string
	// Form is what its value looks like.
	Form Form
	// OneOf are the values that it can have; none: any of its form.
	OneOf []string
	// Required is true for an option without which nothing works.
	Required bool
	// Default is what it is when it is not given; "" for nothing.
	Default string
	// Account is true if two values mean two accounts, which have no order in
	// common: the same store may be connected to both. It is not for an option
	// that narrows what is looked at, because a channel without it sees the
	// orders of one that has it.
	Account bool
}

// AccountOption is the option with which a person says that a channel's account
// is another one than those of other channels at the same address, where
// nothing else that a channel knows of it tells.
func AccountOption() Option {
	return Option{
		Name: "account", Form: FormText, Account: true,
		Usage: "a name of yours for the account, needed only if one store is connected to several at one address; no two must share orders",
	}
}

// Bounds of FormDecimal, which no option needs to leave.
const (
	minDecimal = 0.001
	maxDecimal = 1e6
)

var decimal = regexp.MustCompile(`^\d+(\.\d+)?$`)

// check says what is wrong with a value, or "".
func (o Option) check(value string) string {
	switch {
	case len(value) > MaxOption:
		return fmt.Sprintf("is longer than %d bytes", MaxOption)
	case value == "" || value != strings.TrimSpace(value) || !isLine(value):
		return "is empty, padded, or not one printable line"
	case len(o.OneOf) > 0 && !slices.Contains(o.OneOf, value):
		return "must be one of " + strings.Join(o.OneOf, ", ")
	}
	var ok bool
	switch o.Form {
	case FormNumber:
		n, err := strconv.ParseInt(value, 10, 64)
		ok = err == nil && n > 0 && value == strconv.FormatInt(n, 10)
	case FormDecimal:
		n, err := strconv.ParseFloat(value, 64)
		ok = err == nil && decimal.MatchString(value) && n >= minDecimal && n <= maxDecimal
	case FormBool:
		ok = value == "true" || value == "false"
	case FormPairs:
		_, ok = pairs(value)
	default:
		ok = true
	}
	if ok {
		return ""
	}
	return map[Form]string{
		FormNumber:  "must be a whole number above 0",
		FormDecimal: "must be a number from 0.001 to 1000000, like 2.5",
		FormBool:    "must be true or false",
		FormPairs:   `must be pairs like "usps=stamps_com,dhl=dhl_express", each name once`,
	}[o.Form]
}

func isLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Values are options by their names. The methods take for granted that
// Driver.Check found nothing wrong.
type Values map[string]string

// Number returns an option of FormNumber, or 0 if it is not given.
func (v Values) Number(name string) int64 {
	n, _ := strconv.ParseInt(v[name], 10, 64)
	return n
}

// Decimal returns an option of FormDecimal, or 0 if it is not given.
func (v Values) Decimal(name string) float64 {
	n, _ := strconv.ParseFloat(v[name], 64)
	return n
}

// Bool returns an option of FormBool, or false if it is not given.
func (v Values) Bool(name string) bool { return v[name] == "true" }

// Pairs returns an option of FormPairs, or an empty map if it is not given.
func (v Values) Pairs(name string) map[string]string {
	out, _ := pairs(v[name])
	return out
}

func pairs(text string) (map[string]string, bool) {
	out := map[string]string{}
	if text == "" {
		return out, true
	}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if _, twice := out[name]; !found || name == "" || value == "" || twice {
			return nil, false
		}
		out[name] = value
	}
	return out, true
}
