package downstreamtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Setting is a value of one option of a driver, and what the system sees of it.
type Setting struct {
	// Value is another one than the default.
	Value string
	// Other is what it is compared with. Default: the option is not given.
	// Required for an option that has to be given.
	Other string
	// Sent is what the system sees of Value, and does not see without it.
	Sent string
}

// Options checks that each option of a driver reaches the system: that it is
// among the settings, and that it makes a difference. see makes an adapter from
// the options, which are all of the settings at once, uses it, and returns by
// option what the system has seen.
func Options(
	t *testing.T, driver downstream.Driver, settings map[string]Setting,
	see func(t *testing.T, options downstream.Values) map[string]string,
) {
	t.Helper()
	set, other := downstream.Values{}, downstream.Values{}
	for _, option := range driver.Options {
		if option.Name == downstream.AccountOption().Name {
			// It tells accounts apart here, and is sent to nobody.
			continue
		}
		setting, ok := settings[option.Name]
		require.True(t, ok, "nothing shows that the option %s has an effect", option.Name)
		require.NotEqual(t, option.Default, setting.Value, "the option %s has its default", option.Name)
		set[option.Name] = setting.Value
		if setting.Other != "" {
			other[option.Name] = setting.Other
		}
	}
	require.Len(t, set, len(settings), "a setting for which the driver has no option")
	with, without := see(t, set), see(t, other)
	for name, setting := range settings {
		require.Equal(t, setting.Sent, with[name], "what is seen of the option %s", name)
		require.NotEqual(t, setting.Sent, without[name], "the option %s makes no difference", name)
	}
}
