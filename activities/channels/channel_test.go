package channels_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// valid returns a channel without a mistake.
func valid() channels.Channel {
	return channels.Channel{
		ID:       "main",
		Active:   true,
		Revision: 3,
		Store:    channels.Store{Hash: "abc123", AccessToken: seal.Sealed("sealed token")},
		Downstream: channels.Downstream{
			Adapter: "rest", BaseURL: "https://orders.example.com/api", Token: seal.Sealed("sealed secret"),
		},
		Settings: channels.Settings{
			ValidCancellationStatuses: []string{"Awaiting Shipment"},
			ValidFulfillmentStatuses:  []string{"Awaiting Shipment"},
		}.WithDefaults(),
		CallbackURL:   "https://hooks.example.com/webhooks/bigcommerce/main",
		SecretVersion: 1,
	}
}

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*channels.Channel){
		"everything set":         func(*channels.Channel) {},
		"nothing selected":       func(c *channels.Channel) { c.Settings = channels.Settings{}.WithDefaults() },
		"a store API of its own": func(c *channels.Channel) { c.Store.BaseURL = "http://127.0.0.1:8081" },
		"an address with a port": func(c *channels.Channel) { c.Downstream.BaseURL = "https://[::1]:8443/v1/" },
		"never saved":            func(c *channels.Channel) { c.Revision, c.SecretVersion = 0, 0 },
		"a callback address behind a path": func(c *channels.Channel) {
			c.CallbackURL = "https://example.com:8443/bridge/webhooks/bigcommerce/main"
		},
		"long names in other letters": func(c *channels.Channel) {
			c.Settings.ValidCancellationStatuses = []string{strings.Repeat("é", 100), "Prêt à expédier", "👍 ready"}
		},
		"all statuses mapped": func(c *channels.Channel) {
			c.Settings.CancelOn = bigcommerce.StatusIDs()[:7]
			c.Settings.FulfillOn = bigcommerce.StatusIDs()[7:]
		},
		"the longest waits": func(c *channels.Channel) {
			week := channels.Duration(7 * 24 * time.Hour)
			c.Settings.Waits = channels.Waits{First: week, Longest: week, GiveUpAfter: week, Settle: week, RetryFor: week}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			change(&c)
			require.NoError(t, c.Validate())
		})
	}
}

func TestValidateNamesTheField(t *testing.T) {
	t.Parallel()
	const day = channels.Duration(24 * time.Hour)
	for name, tc := range map[string]struct {
		change func(*channels.Channel)
		want   string
	}{
		"no id":               {func(c *channels.Channel) { c.ID = "" }, "id "},
		"upper-case id":       {func(c *channels.Channel) { c.ID = "Main" }, `id "Main"`},
		"no hash":             {func(c *channels.Channel) { c.Store.Hash = "" }, "store.hash "},
		"hash with a slash":   {func(c *channels.Channel) { c.Store.Hash = "a/b" }, "store.hash "},
		"no access token":     {func(c *channels.Channel) { c.Store.AccessToken = nil }, "store.access_token is missing"},
		"no adapter":          {func(c *channels.Channel) { c.Downstream.Adapter = "" }, "downstream.adapter is missing"},
		"no token":            {func(c *channels.Channel) { c.Downstream.Token = seal.Sealed{} }, "downstream.token is missing"},
		"no address":          {func(c *channels.Channel) { c.Downstream.BaseURL = "orders" }, "downstream.base_url "},
		"no callback address": {func(c *channels.Channel) { c.CallbackURL = "" }, "callback_url is missing"},
		"another channel's callback address": {
			func(c *channels.Channel) { c.CallbackURL = "https://hooks.example.com/webhooks/bigcommerce/other" },
			`callback_url "https://hooks.example.com/webhooks/bigcommerce/other" must end in /webhooks/bigcommerce/main`,
		},
		"a callback address that goes on": {func(c *channels.Channel) { c.CallbackURL += "/" }, "callback_url "},
		"a callback address that hides it": {
			func(c *channels.Channel) { c.CallbackURL = "https://hooks.example.com/webhooks/bigcommerce%2Fmain" }, "callback_url ",
		},
		"a callback address for all": {func(c *channels.Channel) { c.CallbackURL = "https://hooks.example.com" }, "callback_url "},
		"a status without a name":    {func(c *channels.Channel) { c.Settings.ValidCancellationStatuses = []string{""} }, `settings.valid_cancellation_statuses "" `},
		"a status with a line break": {func(c *channels.Channel) { c.Settings.ValidFulfillmentStatuses = []string{"a\nb"} }, `settings.valid_fulfillment_statuses "a\nb" `},
		"a status that writes backwards": {
			func(c *channels.Channel) { c.Settings.ValidFulfillmentStatuses = []string{"a\u202eb"} }, `settings.valid_fulfillment_statuses "a\u202eb" `,
		},
		"a status of broken text": {func(c *channels.Channel) { c.Settings.ValidFulfillmentStatuses = []string{"a\xff"} }, `settings.valid_fulfillment_statuses "a\xff" `},
		"a status without end": {
			func(c *channels.Channel) { c.Settings.ValidFulfillmentStatuses = []string{strings.Repeat("é", 101)} },
			`settings.valid_fulfillment_statuses "` + strings.Repeat("é", 100) + `…" cannot name a status: that takes 1 to 100 printable characters`,
		},
		"unknown status":  {func(c *channels.Channel) { c.Settings.CancelOn = []bigcommerce.StatusID{15} }, "settings.cancel_on 15 "},
		"negative status": {func(c *channels.Channel) { c.Settings.FulfillOn = []bigcommerce.StatusID{-1} }, "settings.fulfill_on -1 "},
		"status twice":    {func(c *channels.Channel) { c.Settings.FulfillOn = []bigcommerce.StatusID{2, 2} }, "settings.fulfill_on 2 (Shipped) is listed twice"},
		"status in both": {
			func(c *channels.Channel) { c.Settings.CancelOn = []bigcommerce.StatusID{5, 10} },
			"settings.fulfill_on 10 (Completed) is in settings.cancel_on too",
		},
		"store channel zero": {func(c *channels.Channel) { c.Settings.StoreChannels = []int64{1, 0} }, "settings.store_channels 0 "},
		"negative wait":      {func(c *channels.Channel) { c.Settings.Waits.First = -1 }, "settings.waits.first "},
		"wait over a week":   {func(c *channels.Channel) { c.Settings.Waits.RetryFor = 7*day + 1 }, "settings.waits.retry_for "},
		"no settling":        {func(c *channels.Channel) { c.Settings.Waits.Settle = 0 }, "settings.waits.settle "},
		"giving up never": {func(c *channels.Channel) {
			c.Settings.Waits.GiveUpAfter, c.Settings.Waits.Longest = 365*day, 7*day
		}, "settings.waits.give_up_after "},
		"looking without end": {func(c *channels.Channel) {
			c.Settings.Waits.First, c.Settings.Waits.Longest = 1, 1
		}, "settings.waits.longest 1ns is too short to look again and again for 24h0m0s"},
		"longest below first": {
			func(c *channels.Channel) { c.Settings.Waits.Longest = c.Settings.Waits.First - 1 },
			"settings.waits.longest 2m59.999999999s must not be shorter than settings.waits.first (3m0s)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			tc.change(&c)
			err := c.Validate()
			require.ErrorContains(t, err, tc.want)
			require.Len(t, strings.Split(err.Error(), "\n"), 1, "one mistake, one line")
		})
	}
}

func TestValidateCollectsAllMistakes(t *testing.T) {
	t.Parallel()
	err := channels.Channel{
		ID:         "No",
		Store:      channels.Store{BaseURL: "ftp://x"},
		Downstream: channels.Downstream{BaseURL: "orders"},
		Settings: channels.Settings{
			CancelOn: []bigcommerce.StatusID{99}, FulfillOn: []bigcommerce.StatusID{99}, StoreChannels: []int64{-1},
		},
	}.Validate()
	require.ErrorContains(t, err, "channel No: ")
	for _, field := range []string{
		"id ", "store.hash ", "store.base_url ", "store.access_token ", "downstream.adapter ", "downstream.base_url ",
		"downstream.token ", "callback_url ", "settings.cancel_on ", "settings.fulfill_on ", "settings.store_channels ",
		"settings.waits.first ", "settings.waits.longest ", "settings.waits.give_up_after ", "settings.waits.settle ",
		"settings.waits.retry_for ",
	} {
		require.ErrorContains(t, err, field)
	}
}

func TestProblemsCanBeToldApart(t *testing.T) {
	t.Parallel()
	c := valid()
	c.Downstream.Adapter = ""
	var problem channels.ProblemError
	require.ErrorAs(t, c.Validate(), &problem)
	require.Equal(t, channels.ProblemError{Field: "downstream.adapter", Message: "is missing"}, problem)
}

func TestValidateChecksAddresses(t *testing.T) {
	t.Parallel()
	const hidden = "hunter2"
	for name, address := range map[string]string{
		"no scheme":               "orders.example.com",
		"a path":                  "/orders",
		"another scheme":          "ftp://orders.example.com",
		"script":                  "javascript:alert(1)",
		"no host":                 "https://",
		"a port alone":            "https://:443",
		"a path alone":            "https:///orders",
		"a broken host":           "https://exa mple.com",
		"a broken port":           "https://example.com:port",
		"a password":              "https://user:" + hidden + "@example.com",
		"a user name":             "https://" + hidden + "@example.com",
		"a query":                 "https://example.com/?token=" + hidden,
		"an empty query":          "https://example.com/?",
		"a fragment":              "https://example.com/#" + hidden,
		"a password and no host":  "https://user:" + hidden + "@",
		"a broken query":          "https://example.com/%zz?token=" + hidden,
		"a broken password":       "https://us er:" + hidden + "@example.com",
		"a password with an at":   "https://user:" + hidden + "@" + hidden + "@exa mple.com",
		"a fragment with an at":   "ftp://example.com/#a@" + hidden,
		"a query with an at":      "ftp://example.com/?email=a@b.example&token=" + hidden,
		"a query in a password":   "https://user:" + hidden + "?x@example.com",
		"a password, other words": "postgres://user:" + hidden + "@example.com/db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for field, set := range map[string]func(*channels.Channel){
				"store.base_url":      func(c *channels.Channel) { c.Store.BaseURL = address },
				"downstream.base_url": func(c *channels.Channel) { c.Downstream.BaseURL = address },
				"callback_url":        func(c *channels.Channel) { c.CallbackURL = address },
			} {
				c := valid()
				set(&c)
				err := c.Validate()
				require.ErrorContains(t, err, field+" ")
				require.NotContains(t, err.Error(), hidden)
			}
		})
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a", "7", "main", "eu-west-2", "a--b", strings.Repeat("x", 40)} {
		require.True(t, channels.ValidID(id), id)
	}
	for _, id := range []string{
		"", "-", "-a", "a-", "A", "a_b", "a b", "a/b", "a.b", "é", "a\n", "a\x00", strings.Repeat("x", 41),
	} {
		require.False(t, channels.ValidID(id), "%q", id)
	}
}

func TestWorkflowID(t *testing.T) {
	t.Parallel()
	require.Equal(t, "channel/main", channels.WorkflowID("main"))
}

func TestSaveRefusesAnIDBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()
	_, err := channels.Save(t.Context(), nil, "queue", channels.SaveRequest{Channel: channels.Channel{ID: "../other"}})
	require.ErrorContains(t, err, `id "../other" must be`)
}
