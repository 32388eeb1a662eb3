package bigcommerce_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for _, valid := range []string{"0", "69.8400", "1008.74", "-5.00", "9007199254740993.0001"} {
		amount, err := bigcommerce.ParseMoney(valid)
		require.NoError(t, err)
		require.Equal(t, valid, amount.String())
	}
	for _, invalid := range []string{"", "-", ".5", "5.", "1,000.00", "1e3", "0x10", "١", "1 2", "--1", "Inf", strings.Repeat("1", 41)} {
		_, err := bigcommerce.ParseMoney(invalid)
		require.Error(t, err, invalid)
	}
}

func TestMoneyUnmarshalJSON(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bigcommerce.Money{
		`"69.8400"`: "69.8400", `69.84`: "69.84", `0`: "0", `" 5 "`: "5", `null`: "", `{}`: "", `[]`: "", `"n/a"`: "", `1e3`: "", `true`: "",
	} {
		amount := bigcommerce.Money("7")
		require.NoError(t, json.Unmarshal([]byte(raw), &amount))
		require.Equal(t, want, amount, raw)
	}
}

func TestMoneyEqual(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b  bigcommerce.Money
		equal bool
	}{
		{"69.84", "69.8400", true},
		{"-0", "0.00", true},
		{"9007199254740993", "9007199254740992", false},
		{"1", "-1", false},
		{"", "", false},
		{"", "0", false},
		{"1e1", "10", false},
	} {
		require.Equal(t, test.equal, test.a.Equal(test.b), "%q and %q", test.a, test.b)
		require.Equal(t, test.equal, test.b.Equal(test.a), "%q and %q", test.b, test.a)
	}
}
