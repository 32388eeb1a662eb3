package bigcommercetest

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

const (
	// defaultPageSize is documented for orders; for hooks it is chosen.
	defaultPageSize = 50
	// maxPageSize is documented as the general limit.
	maxPageSize = 250
)

// page is a part of a list: its number from 1 and its size.
type page struct {
	number int
	size   int
}

type pageMeta struct {
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Total       int       `json:"total"`
	Count       int       `json:"count"`
	PerPage     int       `json:"per_page"`
	CurrentPage int       `json:"current_page"`
	TotalPages  int       `json:"total_pages"`
	Links       pageLinks `json:"links"`
}

type pageLinks struct {
	Previous string `json:"previous,omitempty"`
	Current  string `json:"current"`
	Next     string `json:"next,omitempty"`
}

// readPage reads page and limit; a limit above the maximum means the maximum.
func readPage(q url.Values) (page, error) {
	p := page{number: 1, size: defaultPageSize}
	for name, to := range map[string]*int{"page": &p.number, "limit": &p.size} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return p, fmt.Errorf("the parameter '%s' must be a number from 1", name)
		}
		*to = n
	}
	p.size = min(p.size, maxPageSize)
	return p, nil
}

func v3Page(q url.Values) (page, *answer) {
	p, err := readPage(q)
	if err != nil {
		return p, invalidField("page", err.Error())
	}
	return p, nil
}

// cut returns the part of list that is on the page.
func cut[T any](list []T, p page) []T {
	if p.number-1 > len(list)/p.size {
		return nil
	}
	from := min((p.number-1)*p.size, len(list))
	return list[from:min(from+p.size, len(list))]
}

func (p page) meta(total, count int) pageMeta {
	pages := (total + p.size - 1) / p.size
	link := func(n int) string {
		if n < 1 || n > pages && n != p.number {
			return ""
		}
		return fmt.Sprintf("?page=%d&limit=%d", n, p.size)
	}
	return pageMeta{Pagination: pagination{
		Total: total, Count: count, PerPage: p.size, CurrentPage: p.number, TotalPages: pages,
		Links: pageLinks{Previous: link(p.number - 1), Current: link(p.number), Next: link(p.number + 1)},
	}}
}

// boolParam reads a parameter that is true or false; nil when it is not there.
func boolParam(q url.Values, name string) (*bool, error) {
	if !q.Has(name) {
		return nil, nil //nolint:nilnil // Nothing asked is no error and no value.
	}
	v, err := strconv.ParseBool(q.Get(name))
	if err != nil {
		return nil, errors.New("the value must be true or false")
	}
	return &v, nil
}
