package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/worker"
)

func TestDownstreamsCommand(t *testing.T) {
	t.Parallel()
	drivers := worker.Drivers()
	list, _, err := execute(t, nil, "downstreams")
	require.NoError(t, err)
	text, _, err := execute(t, nil, "downstreams", "--json")
	require.NoError(t, err)
	var views []kindView
	require.NoError(t, json.Unmarshal([]byte(text), &views))
	require.Len(t, views, len(drivers))
	for i, driver := range drivers {
		require.Regexp(t, `(?m)^`+driver.Name+` +\S`, list)
		require.Equal(t, viewOf(driver), views[i])

		one, _, err := execute(t, nil, "downstreams", driver.Name)
		require.NoError(t, err)
		require.Contains(t, one, driver.Credential)
		require.Contains(t, one, driver.Permissions)
		for _, option := range driver.Options {
			require.Regexp(t, `(?m)^`+option.Name+` +`+string(option.Form)+` `, one)
			require.Contains(t, one, option.Usage)
		}
		for _, status := range driver.Statuses {
			require.Contains(t, one, status.Name+" ")
			require.Contains(t, one, status.Description)
		}
		var view kindView
		text, _, err := execute(t, nil, "downstreams", driver.Name, "--json")
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(text), &view))
		require.Equal(t, viewOf(driver), view)
	}
	_, _, err = execute(t, nil, "downstreams", "fax")
	require.ErrorContains(t, err, `there is no kind "fax": there are rest, threepl`)
}

// TestDriversAreWhole shows that every kind says all that people choose by, and
// that its defaults are values that it takes.
func TestDriversAreWhole(t *testing.T) {
	t.Parallel()
	for _, driver := range worker.Drivers() {
		require.Regexp(t, `^[a-z0-9]+$`, driver.Name)
		require.NotEmpty(t, driver.Title)
		require.NotEmpty(t, driver.Credential)
		require.NotEmpty(t, driver.Permissions)
		values := downstream.Values{}
		for _, option := range driver.Options {
			require.Regexp(t, `^[a-z0-9_]+$`, option.Name)
			require.NotEmpty(t, option.Usage)
			require.NotEmpty(t, option.Form)
			require.False(t, option.Required && option.Default != "", "%s: %s", driver.Name, option.Name)
			// Without it a channel would see the orders of one that has it.
			require.True(t, !option.Account || option.Required || option.Name == downstream.AccountOption().Name,
				"%s: %s narrows an account and separates none", driver.Name, option.Name)
			if option.Default != "" {
				values[option.Name] = option.Default
			}
		}
		for _, mistake := range driver.Check("https://orders.example.com", values) {
			require.ErrorContains(t, mistake, "is missing", "a default is wrong")
		}
		for _, status := range driver.Statuses {
			require.True(t, downstream.ValidStatusName(status.Name), status.Name)
			require.True(t, status.Phase.Valid(), status.Name)
			require.NotEmpty(t, status.Description, status.Name)
		}
	}
}
