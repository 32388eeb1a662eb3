package channelfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd/channelfile"
	"github.com/orderbridge/orderbridge/worker"
)

// literal stands for a secret that somebody wrote into the file.
const literal = "shhh0123456789abcdef"

func environment(name string) (string, bool) {
	value, ok := map[string]string{"STORE_TOKEN": "store-token\n", "CLIENT_SECRET": "client-secret", "EMPTY": " "}[name]
	return value, ok
}

// write puts a file into a directory of its own, beside the file "wms" with a
// token, and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wms"), []byte("wms-token\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hollow"), []byte("\n"), 0o600))
	path := filepath.Join(dir, "channels.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func parse(t *testing.T, content string) ([]channelfile.Entry, error) {
	t.Helper()
	return channelfile.Parse(write(t, content), []byte(content), worker.Drivers(), environment)
}

const whole = `
channels:
  - id: main
    active: false
    store:
      hash: abc123
      base_url: https://api.example.com
      client_id: id1
      access_token: {env: STORE_TOKEN}
      client_secret: {env: CLIENT_SECRET}
    downstream:
      adapter: rest
      base_url: https://orders.example.com
      token: {file: wms}
    callback_url: https://hooks.example.com/webhooks/bigcommerce/main
    settings:
      valid_cancellation_statuses: [Awaiting Shipment, "On Hold"]
      valid_fulfillment_statuses:
        - Awaiting Shipment
      cancel_on: [5, 4]
      fulfill_on: []
      store_channels: [1, 664177]
      signature: require
      audit_every: 20m
      reconcile_every: 90s
      waits: {first: 1m, longest: 2h, give_up_after: 12h, settle: 3s, retry_for: 48h}
`

func TestParseReadsEveryField(t *testing.T) {
	t.Parallel()
	entries, err := parse(t, whole)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, channels.Channel{
		ID: "main", Active: false,
		Store:       channels.Store{Hash: "abc123", BaseURL: "https://api.example.com", ClientID: "id1"},
		Downstream:  channels.Downstream{Adapter: "rest", BaseURL: "https://orders.example.com"},
		CallbackURL: "https://hooks.example.com/webhooks/bigcommerce/main",
		Settings: channels.Settings{
			ValidCancellationStatuses: []string{"Awaiting Shipment", "On Hold"},
			ValidFulfillmentStatuses:  []string{"Awaiting Shipment"},
			CancelOn:                  []bigcommerce.StatusID{5, 4},
			FulfillOn:                 []bigcommerce.StatusID{},
			StoreChannels:             []int64{1, 664177},
			Signature:                 channels.SignatureRequire,
			AuditEvery:                channels.Duration(20 * time.Minute),
			ReconcileEvery:            channels.Duration(90 * time.Second),
			Waits: channels.Waits{
				First: channels.Duration(time.Minute), Longest: channels.Duration(2 * time.Hour), GiveUpAfter: channels.Duration(12 * time.Hour),
				Settle: channels.Duration(3 * time.Second), RetryFor: channels.Duration(48 * time.Hour),
			},
		},
	}, entries[0].Channel)
	require.Equal(t, "store-token", *entries[0].Secrets.AccessToken)
	require.Equal(t, "client-secret", *entries[0].Secrets.ClientSecret)
	require.Equal(t, "wms-token", *entries[0].Secrets.DownstreamToken)
}

func TestParseReadsOptions(t *testing.T) {
	t.Parallel()
	const shared = `x-warehouse: &warehouse {customer_id: 1, user_login: shop, recalculate_charges: false}
channels:
  - id: main
    store: {hash: abc123, access_token: {env: STORE_TOKEN}}
    downstream:
      adapter: threepl
      token: {file: wms}
      options:
        <<: *warehouse
        customer_id: 42
        tpl: "{2d3c9b2b-1b8b-4d6b-9d55-1a2b3c4d5e6f}"
        facility_id: null
        %s
    callback_url: https://hooks.example.com/webhooks/bigcommerce/main
`
	entries, err := parse(t, strings.Replace(shared, "%s", "", 1))
	require.NoError(t, err)
	require.Equal(t, channels.Options{
		{Name: "customer_id", Value: "42"},
		{Name: "recalculate_charges", Value: "false"},
		{Name: "tpl", Value: "{2d3c9b2b-1b8b-4d6b-9d55-1a2b3c4d5e6f}"},
		{Name: "user_login", Value: "shop"},
	}, entries[0].Channel.Downstream.Options)

	for line, says := range map[string]string{
		"customer: 42":       "13:9: channel main: downstream.options.customer is not an option of the adapter threepl, which has customer_id, user_login,",
		"facility_id: zero":  "12:9: channel main: downstream.options.facility_id must be a whole number above 0",
		"facility_id: [1]":   "13:22: channel main: downstream.options.facility_id must be a text, a number, true or false",
		"user_login: ' '":    "13:9: channel main: downstream.options.user_login is empty",
		"customer_id: 7":     "13:9: channel main: downstream.options.customer_id is set twice, first in line 10",
		"user_login: *other": "downstream.options.user_login must be",
	} {
		content := strings.Replace(shared, "%s", line, 1)
		if line[0] == 'f' {
			content = strings.Replace(content, "        facility_id: null\n", "", 1)
			says = strings.Replace(says, "13:", "12:", 1)
		}
		_, err := parse(t, content)
		require.ErrorContains(t, err, says, line)
	}
	_, err = parse(t, strings.Replace(minimal("main"), "adapter: rest", "adapter: threepl", 1))
	require.ErrorContains(t, err, "3:1: channel main: downstream.options.customer_id is missing: the merchant's number")
	_, err = parse(t, strings.Replace(minimal("main"), "adapter: rest", "adapter: fax", 1))
	require.ErrorContains(t, err, `channel main: downstream.adapter "fax" is none of rest, threepl,`)
}

// minimal returns a channel with all that is required and nothing else.
func minimal(id string) string {
	return "id: " + id + `
store: {hash: abc123, access_token: {env: STORE_TOKEN}}
downstream: {adapter: rest, base_url: "https://orders.example.com", token: {file: wms}}
callback_url: https://hooks.example.com/webhooks/bigcommerce/` + id + "\n"
}

func TestParseForms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		content string
		ids     []string
	}{
		"a single channel":   {minimal("main"), []string{"main"}},
		"several documents":  {minimal("one") + "---\n" + minimal("two") + "---\n", []string{"one", "two"}},
		"JSON":               {`{"channels": [{"id": "main", "store": {"hash": "a", "access_token": {"env": "STORE_TOKEN"}}, "downstream": {"adapter": "rest", "base_url": "http://x", "token": {"file": "wms"}}, "callback_url": "http://x/webhooks/bigcommerce/main"}]}`, []string{"main"}},
		"a list and anchors": {"x-rest: &rest {adapter: rest, base_url: http://x, token: {file: wms}}\nchannels:\n" + withAnchors("one") + withAnchors("two"), []string{"one", "two"}},
		"null is absent":     {minimal("main") + "settings:\nactive: null\n", []string{"main"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, err := parse(t, tc.content)
			require.NoError(t, err)
			ids := make([]string, 0, len(entries))
			for _, entry := range entries {
				ids = append(ids, entry.Channel.ID)
				require.True(t, entry.Channel.Active)
				require.Equal(t, "rest", entry.Channel.Downstream.Adapter)
				require.Equal(t, "wms-token", *entry.Secrets.DownstreamToken)
				require.Empty(t, *entry.Secrets.ClientSecret)
				require.NotNil(t, entry.Secrets.ClientSecret, "what the file does not mention is to be removed")
			}
			require.Equal(t, tc.ids, ids)
		})
	}
}

func withAnchors(id string) string {
	return "  - {id: " + id + ", store: {hash: a, access_token: {env: STORE_TOKEN}}, downstream: {<<: *rest, base_url: http://y}, callback_url: http://x/webhooks/bigcommerce/" + id + "}\n"
}

func TestMergedFieldsGiveWay(t *testing.T) {
	t.Parallel()
	entries, err := parse(t, "x-rest: &rest {adapter: rest, base_url: http://x, token: {file: wms}}\nchannels:\n"+withAnchors("one"))
	require.NoError(t, err)
	require.Equal(t, "http://y", entries[0].Channel.Downstream.BaseURL)
}

func TestParseReportsEveryMistakeWithItsPlace(t *testing.T) {
	t.Parallel()
	content := `channels:
  - id: main
    stor: {}
    store:
      hash: 12
      hash: abc
      access_token: ` + literal + `
      client_secret: {enw: ` + literal + `}
    downstream:
      adapter: rest
      base_url: orders.example.com
      token: {env: ` + literal + `}
    callback_url: [x]
    active: yes please
    settings:
      valid_cancellation_statuses: Awaiting Shipment
      cancel_on: [5, five, 77]
      fulfill_on: [5]
      signature: require
      audit_every: 15
      waits: {first: soon}
  - id: main
  - nonsense
more: 1
`
	path := write(t, content)
	_, err := channelfile.Parse(path, []byte(content), worker.Drivers(), environment)
	require.Error(t, err)
	require.NotContains(t, err.Error(), literal)
	var got []string
	for line := range strings.Lines(err.Error()) {
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(line, path+":"), "\n"))
	}
	const secret = "must say where the secret is, as {env: NAME} or {file: PATH}; the secret itself does not belong into this file"
	require.Equal(t, []string{
		"3:5: channel main: stor is not a field; a channel has active, callback_url, downstream, id, settings, store",
		"5:13: channel main: store.hash must be text: put it in quotes",
		"6:7: channel main: store.hash is set twice, first in line 5",
		"7:21: channel main: store.access_token " + secret,
		"8:23: channel main: store.client_secret " + secret,
		`11:7: channel main: downstream.base_url "orders.example.com" must be an address like https://example.com`,
		"12:15: channel main: downstream.token needs the name of an environment variable after env: capital letters, digits and underscores",
		"13:19: channel main: callback_url must be text: put it in quotes",
		"14:13: channel main: active must be true or false",
		"16:36: channel main: settings.valid_cancellation_statuses must be a list",
		"17:22: channel main: settings.cancel_on must hold whole numbers",
		"18:7: channel main: settings.fulfill_on 5 (Cancelled) is in settings.cancel_on too; a status can mean only one of them",
		"20:20: channel main: settings.audit_every must be a duration like 90s, 5m or 24h",
		"21:22: channel main: settings.waits.first must be a duration like 90s, 5m or 24h",
		"22:5: channel main: store.hash \"\" must be the lower-case letters and digits that follow /stores/ in the API path",
		"22:5: channel main: store.access_token is missing",
		"22:5: channel main: downstream.adapter is missing",
		"22:5: channel main: downstream.token is missing",
		"22:5: channel main: callback_url is missing",
		"22:5: channel main is described twice, first in line 2",
		"23:5: a channel must be a mapping with active, callback_url, downstream, id, settings, store",
		"24:1: more is not a field beside channels; a name that begins with x- can hold what anchors share",
	}, got)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ content, says string }{
		"nothing":                   {"", "1:1: there is no channel in it"},
		"comments alone":            {"# later\n", "1:1: there is no channel in it"},
		"an empty list":             {"channels: []\n", "there is no channel in it"},
		"no list":                   {"channels: {id: main}\n", "1:1: channels must be a list"},
		"a text":                    {literal, `there must be "channels:" with a list`},
		"no YAML":                   {"id: main\n  token: [" + literal + "\n", ": this is no YAML"},
		"a variable that is not":    {strings.Replace(minimal("main"), "STORE_TOKEN", "STORE_TOKN", 1), "2:38: channel main: store.access_token is to be found in the environment variable STORE_TOKN, which is not set or empty"},
		"an empty variable":         {strings.Replace(minimal("main"), "STORE_TOKEN", "EMPTY", 1), "which is not set or empty"},
		"a file that is not there":  {strings.Replace(minimal("main"), "wms", literal, 1), "downstream.token is to be found in a file that cannot be read: no such file or directory"},
		"an empty file":             {strings.Replace(minimal("main"), "wms", "hollow", 1), "downstream.token is to be found in a file that is empty"},
		"a secret of two places":    {strings.Replace(minimal("main"), "{file: wms}", "{file: wms, env: STORE_TOKEN}", 1), "must say where the secret is"},
		"an alias of nothing":       {strings.Replace(minimal("main"), "{file: wms}", "*token", 1), "must say where the secret is"},
		"an anchor that goes round": {"x-a: &a {<<: *a}\nchannels:\n  - {<<: *a}\n", "1:1: there are too many merges with <<, or they go round in a circle"},
		"a merge of a text":         {"x-a: &a text\nchannels:\n  - {<<: *a}\n", "3:6: << must be followed by an alias of a mapping"},
		"merges without end":        {"x-a: &a {<<: *a, <<: *a, <<: *a}\nchannels:\n  - {<<: *a}\n", "too many merges"},
		"an anchor that is two":     {"x-a: &a 1\nx-b: &a 2\nchannels: []\n", "2:6: the anchor &a is set twice"},
		"require without secret":    {minimal("main") + "settings: {signature: require}\n", `settings.signature "require" needs store.client_secret`},
		"an unknown signature mode": {minimal("main") + "settings:\n  signature: maybe\n", `6:3: channel main: settings.signature "maybe" must be off, observe or require`},
		"a bad id":                  {minimal("Main"), `1:1: id "Main" must be 1 to 40 lower-case letters`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, tc.content)
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), literal)
		})
	}
}

func TestParseRefusesAFileThatIsTooLarge(t *testing.T) {
	t.Parallel()
	_, err := channelfile.Parse("x", make([]byte, channelfile.MaxSize+1), worker.Drivers(), environment)
	require.ErrorContains(t, err, "the file is larger than")
}

// TestTheExampleInTheDocumentationCanBeApplied keeps docs/channels.md true.
func TestTheExampleInTheDocumentationCanBeApplied(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "channels.md"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(document), "```yaml\n")
	require.True(t, found)
	example, _, found := strings.Cut(after, "```")
	require.True(t, found)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "secrets"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secrets", "wms-token"), []byte("wms-token"), 0o600))
	entries, err := channelfile.Parse(filepath.Join(dir, "channels.yaml"), []byte(example), worker.Drivers(), func(name string) (string, bool) {
		return "the value of " + name, true
	})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "the value of MAIN_STORE_TOKEN", *entries[0].Secrets.AccessToken)
	require.Equal(t, channels.Duration(12*time.Hour), entries[0].Channel.Settings.Waits.GiveUpAfter)
}

func TestWhere(t *testing.T) {
	t.Parallel()
	entries, err := parse(t, whole)
	require.NoError(t, err)
	for field, line := range map[string]int{
		"settings.cancel_on": 20, "settings.waits.first": 26, "store": 5, "store.nothing": 5, "": 3, "elsewhere": 3,
	} {
		require.Equal(t, line, entries[0].Where(field).Line, field)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(minimal("main"))
	f.Add("x-a: &a {<<: *a}\nchannels:\n  - {<<: *a}\n  - *a\n")
	f.Fuzz(func(t *testing.T, content string) {
		entries, err := channelfile.Parse("fuzz.yaml", []byte(content), worker.Drivers(), environment)
		require.Equal(t, err == nil, len(entries) > 0, "either channels or mistakes")
	})
}
