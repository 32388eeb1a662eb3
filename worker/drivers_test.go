package worker_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/worker"
)

// document is the page about every kind of downstream system.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "downstreams.md"))
	require.NoError(t, err)
	return string(text)
}

// table is a table of Markdown: its header, then its rows.
type table [][]string

// tables returns all tables of a text, in their order.
func tables(text string) []table {
	var all []table
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch is := strings.HasPrefix(line, "|"); {
		case !is:
			inside = false
			continue
		case !inside:
			inside = true
			all = append(all, nil)
		}
		if strings.Trim(line, "|-") == "" {
			continue // the line below a header
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		all[len(all)-1] = append(all[len(all)-1], cells)
	}
	return all
}

func code(text string) string { return "`" + text + "`" }

// expected are the tables of the section about a kind.
func expected(d downstream.Driver) []table {
	address := "yours"
	if d.BaseURL != "" {
		address = code(d.BaseURL)
	}
	all := []table{{{"", ""}, {"Address", address}, {"Credential", d.Credential}, {"Permissions", d.Permissions}}}
	if len(d.Options) > 0 {
		options := make(table, 0, 1+len(d.Options))
		options = append(options, []string{"Option", "Form", "Default", "Account", "What it is"})
		for _, o := range d.Options {
			fallback, account := "none", ""
			switch {
			case o.Required:
				fallback = "*required*"
			case o.Default != "":
				fallback = code(o.Default)
			}
			if o.Account {
				account = "yes"
			}
			options = append(options, []string{code(o.Name), string(o.Form), fallback, account, o.Usage})
		}
		all = append(all, options)
	}
	if len(d.Statuses) > 0 {
		statuses := make(table, 0, 1+len(d.Statuses))
		statuses = append(statuses, []string{"Status", "Phase", "Meaning"})
		for _, s := range d.Statuses {
			statuses = append(statuses, []string{code(s.Name), string(s.Phase), s.Description})
		}
		all = append(all, statuses)
	}
	return all
}

// quoted finds what stands between backquotes.
var quoted = regexp.MustCompile("`([^`\n]+)`")

// inCode returns everything in a text that stands between backquotes.
func inCode(text string) []string {
	matches := quoted.FindAllStringSubmatch(text, -1)
	all := make([]string, 0, len(matches))
	for _, match := range matches {
		all = append(all, match[1])
	}
	return all
}

// selectable are the statuses that a channel can select.
func selectable(d downstream.Driver) []string {
	var names []string
	for _, s := range d.Statuses {
		if s.Phase == downstream.PhaseOpen {
			names = append(names, s.Name)
		}
	}
	return names
}

// TestDocument compares docs/downstreams.md with the drivers: neither may have a
// kind, an option or a status that the other has not, or say otherwise of it.
func TestDocument(t *testing.T) {
	t.Parallel()
	head, rest, found := strings.Cut(document(t), "\n## `")
	require.True(t, found)
	sections := strings.Split(rest, "\n## `")
	drivers := worker.Drivers()
	require.Len(t, sections, len(drivers), "a section for each kind")
	kinds := make([]string, len(drivers))
	for i, driver := range drivers {
		kinds[i] = code(driver.Name)
		title, _, _ := strings.Cut(sections[i], "\n")
		require.Equal(t, driver.Name+"`: "+driver.Title, title, "the sections are in the order of the kinds")
	}

	t.Run("overview", func(t *testing.T) {
		t.Parallel()
		all := tables(head)
		require.Len(t, all, 3, "kinds, forms and phases")
		var first [3][]string
		for i := range all {
			for _, row := range all[i][1:] {
				require.Len(t, row, len(all[i][0]))
				require.NotContains(t, row, "")
				first[i] = append(first[i], row[0])
			}
		}
		require.Equal(t, kinds, first[0])
		require.Equal(t, []string{
			string(downstream.FormText), string(downstream.FormNumber), string(downstream.FormDecimal),
			string(downstream.FormBool), string(downstream.FormPairs),
		}, first[1])
		phases := make([]string, 0, len(downstream.Phases()))
		for _, phase := range downstream.Phases() {
			phases = append(phases, string(phase))
		}
		require.Equal(t, phases, inCode(strings.Join(first[2], " ")))
	})
	for i, driver := range drivers {
		t.Run(driver.Name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, expected(driver), tables(sections[i]))
			prose := strings.Join(strings.Fields(sections[i]), " ")
			for _, option := range driver.Options {
				if len(option.OneOf) > 0 {
					require.Contains(t, prose, code(option.Name)+" is one of `"+strings.Join(option.OneOf, "`, `")+"`.")
				}
			}
			for _, says := range []string{"Cancel", "Fulfill", "What it can promise.", "What a check sees.", "How sure we are."} {
				require.Contains(t, prose, "**"+says)
			}
			if len(driver.Statuses) > 0 {
				advice := regexp.MustCompile(`Usually [^.]+\.`).FindString(prose)
				require.NotEmpty(t, advice, "it does not say which statuses to select")
				require.Subset(t, selectable(driver), inCode(advice))
			}
		})
	}
}

// connection is how an example connects a channel.
type connection struct {
	Downstream struct {
		Adapter string         `json:"adapter"  yaml:"adapter"`
		BaseURL string         `json:"base_url" yaml:"base_url"`
		Options map[string]any `json:"options"  yaml:"options"`
	} `json:"downstream" yaml:"downstream"`
	Settings struct {
		Cancel  []string `json:"valid_cancellation_statuses" yaml:"valid_cancellation_statuses"`
		Fulfill []string `json:"valid_fulfillment_statuses"  yaml:"valid_fulfillment_statuses"`
	} `json:"settings" yaml:"settings"`
}

// flag finds the flags of a command that have to do with its downstream system.
var flag = regexp.MustCompile(`--(downstream|downstream-url|downstream-option|cancel-in|fulfill-in) (?:"([^"]*)"|([^\s"]+))`)

// ofCommand reads the flags of a command.
func ofCommand(command string) connection {
	var c connection
	c.Downstream.Options = map[string]any{}
	for _, match := range flag.FindAllStringSubmatch(command, -1) {
		switch value := match[2] + match[3]; match[1] {
		case "downstream":
			c.Downstream.Adapter = value
		case "downstream-url":
			c.Downstream.BaseURL = value
		case "cancel-in":
			c.Settings.Cancel = append(c.Settings.Cancel, value)
		case "fulfill-in":
			c.Settings.Fulfill = append(c.Settings.Fulfill, value)
		default:
			name, value, _ := strings.Cut(value, "=")
			c.Downstream.Options[name] = value
		}
	}
	return c
}

// TestExamplesOfTheDocument shows that every connection in docs/downstreams.md
// can be saved as it stands there, and that it is the same in all three forms.
func TestExamplesOfTheDocument(t *testing.T) {
	t.Parallel()
	text := document(t)
	block := func(kind string) []byte {
		_, after, found := strings.Cut(text, "\n```"+kind+"\n")
		require.True(t, found, kind)
		inside, _, found := strings.Cut(after, "\n```\n")
		require.True(t, found, kind)
		return []byte(inside)
	}
	var (
		file struct {
			Channels []connection `yaml:"channels"`
		}
		body     connection
		examples []connection
	)
	require.NoError(t, yaml.Unmarshal(block("yaml"), &file))
	require.Len(t, file.Channels, 1)
	require.NoError(t, json.Unmarshal(block("json"), &body))
	for command := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		if strings.HasPrefix(command, "    orderbridge channels ") && strings.Contains(command, " --downstream ") {
			examples = append(examples, ofCommand(command))
		}
	}
	require.GreaterOrEqual(t, len(examples), 3)
	examples = append(examples, file.Channels[0], body)
	for _, example := range examples {
		driver, known := worker.Drivers().Find(example.Downstream.Adapter)
		require.True(t, known, example.Downstream.Adapter)
		require.Empty(t, driver.Check(example.Downstream.BaseURL, example.values(t)))
		require.NotEmpty(t, example.Settings.Cancel)
		require.NotEmpty(t, example.Settings.Fulfill)
		require.Subset(t, selectable(driver), example.Settings.Cancel)
		require.Subset(t, selectable(driver), example.Settings.Fulfill)
	}
	for _, other := range []connection{file.Channels[0], body} {
		require.Equal(t, examples[0].values(t), other.values(t))
		require.Equal(t, examples[0].Downstream.Adapter, other.Downstream.Adapter)
		require.Equal(t, examples[0].Settings, other.Settings)
	}
}

// values are the options as adapters take them.
func (c connection) values(t *testing.T) downstream.Values {
	t.Helper()
	values := downstream.Values{}
	for name, value := range c.Downstream.Options {
		if text, ok := value.(string); ok {
			values[name] = text
			continue
		}
		text, err := json.Marshal(value)
		require.NoError(t, err)
		values[name] = string(text)
	}
	return values
}

// TestLinksOfTheDocument shows that what it refers to is there.
func TestLinksOfTheDocument(t *testing.T) {
	t.Parallel()
	links := regexp.MustCompile(`\]\(([^)#]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(document(t), -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		require.FileExists(t, filepath.Join("..", "docs", filepath.FromSlash(link[1])))
	}
}
