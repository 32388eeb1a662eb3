package channelcmd

import (
	"errors"
	"strings"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// optionFlags are the options that were given, in their order: of two for one
// name the last counts.
type optionFlags channels.Options

// Set implements pflag.Value.
func (o *optionFlags) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if name = strings.TrimSpace(name); !found || name == "" {
		return errors.New("it must look like name=value")
	}
	*o = append(*o, channels.Option{Name: name, Value: strings.TrimSpace(value)})
	return nil
}

// String implements pflag.Value.
func (o *optionFlags) String() string { return channels.Options(*o).String() }

// Type implements pflag.Value.
func (*optionFlags) Type() string { return "name=value" }
