package downstream_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

func hosted(open func(downstream.Config) (downstream.Adapter, error)) downstream.Driver {
	return downstream.Driver{
		Name: "hosted", Title: "A hosted system", BaseURL: "https://api.example.com", Credential: "the key and the secret, as KEY:SECRET",
		Options: []downstream.Option{
			{Name: "account", Usage: "the number of the account", Form: downstream.FormNumber, Required: true, Account: true},
			{Name: "rate", Form: downstream.FormDecimal, Default: "2.5"},
			{Name: "loud", Form: downstream.FormBool, Default: "true"},
			{Name: "carriers", Form: downstream.FormPairs},
			{Name: "zone", Form: downstream.FormText, OneOf: []string{"east", "west"}, Default: "east", Account: true},
		},
		Open: open,
	}
}

func TestDriverCompletesAConfiguration(t *testing.T) {
	t.Parallel()
	var got downstream.Config
	driver := hosted(func(c downstream.Config) (downstream.Adapter, error) {
		got = c
		return nil, nil //nolint:nilnil // Only what it is made from is looked at.
	})
	given := downstream.Values{"account": "7", "carriers": "usps=stamps_com, dhl = dhl_express"}
	_, err := driver.New(downstream.Config{Channel: "main", Token: "key:se:cret", Options: given})
	require.NoError(t, err)
	require.Equal(t, "https://api.example.com", got.BaseURL)
	require.EqualValues(t, 7, got.Options.Number("account"))
	require.InDelta(t, 2.5, got.Options.Decimal("rate"), 0)
	require.True(t, got.Options.Bool("loud"))
	require.Equal(t, map[string]string{"usps": "stamps_com", "dhl": "dhl_express"}, got.Options.Pairs("carriers"))
	require.Empty(t, got.Options.Pairs("absent"))
	require.Len(t, given, 2, "what was given is left as it is")
	first, second, err := downstream.SplitCredential(got)
	require.NoError(t, err)
	require.Equal(t, []string{"key", "se:cret"}, []string{first, second})
}

func TestDriverNamesEveryMistake(t *testing.T) {
	t.Parallel()
	driver := hosted(nil)
	_, err := driver.New(downstream.Config{Channel: "main", Options: downstream.Values{
		"Rate\x1b": "5", "rate": "-1", "loud": "yes", "carriers": "usps", "zone": "up", "speed": "9",
	}})
	require.True(t, downstream.IsKind(err, downstream.Misconfigured))
	for _, says := range []string{
		"channel main: ", "downstream.options has a name that is none: names are lower-case letters", "downstream.options.speed is not an option of the adapter hosted, which has account, rate, loud, carriers, zone",
		"downstream.options.account is missing: the number of the account", "downstream.options.rate must be a number from 0.001 to 1000000",
		"downstream.options.loud must be true or false", `downstream.options.carriers must be pairs like "usps=stamps_com,dhl=dhl_express"`,
		"downstream.options.zone must be one of east, west", "downstream.token is missing: it is the key and the secret, as KEY:SECRET",
	} {
		require.ErrorContains(t, err, says)
	}
	require.NotContains(t, err.Error(), "\x1b")
	var setting downstream.SettingError
	require.ErrorAs(t, err, &setting)
	for _, token := range []string{"key", "key:", ":secret"} {
		_, _, err := downstream.SplitCredential(downstream.Config{Channel: "main", Token: token})
		require.ErrorContains(t, err, "downstream.token must be two parts with a colon between them")
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestOptionForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		form         downstream.Form
		right, wrong []string
	}{
		{downstream.FormText, []string{"a", "a b", "ä"}, []string{"", " a", "a\nb", "\x00", "\xff", strings.Repeat("a", downstream.MaxOption+1)}},
		{downstream.FormNumber, []string{"1", "9223372036854775807"}, []string{"0", "-1", "+1", "01", "1.5", "9223372036854775808", "x"}},
		{downstream.FormDecimal, []string{"0.1", "5", "0.001"}, []string{"0", "-0.1", "NaN", "Inf", "1e300", "1e-300", "0x1p-2", "+1", "5.", "x"}},
		{downstream.FormBool, []string{"true", "false"}, []string{"TRUE", "1", "yes"}},
		{downstream.FormPairs, []string{"a=b", "a=b,c=d"}, []string{"a", "a=", "=b", "a=b,", "a=b,a=c"}},
	} {
		driver := downstream.Driver{Name: "x", BaseURL: "https://x.example.com", Options: []downstream.Option{{Name: "o", Form: tc.form}}}
		for _, value := range tc.right {
			require.Empty(t, driver.Check("", downstream.Values{"o": value}), "%s %q", tc.form, value)
		}
		for _, value := range tc.wrong {
			require.Len(t, driver.Check("", downstream.Values{"o": value}), 1, "%s %q", tc.form, value)
		}
	}
}

func TestDriverTellsAccountsApart(t *testing.T) {
	t.Parallel()
	driver := hosted(nil)
	address, account := driver.Account("", downstream.Values{"account": "7", "rate": "9"})
	require.Equal(t, "https://api.example.com", address)
	require.Equal(t, []string{"account=7", "zone=east"}, account)
	_, same := driver.Account("", downstream.Values{"account": "7", "zone": "east"})
	require.Equal(t, account, same, "a default that is spelled out is no other account")
}
