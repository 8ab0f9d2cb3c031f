package main

import (
	"sort"
	"strconv"
	"strings"
	"time"
)

// keep is how many hours, days, weeks and months with a backup keep their newest one.
type keep struct {
	hourly, daily, weekly, monthly int
}

func parseKeep(text string) (keep, error) {
	var k keep
	numbers := map[string]*int{"hourly": &k.hourly, "daily": &k.daily, "weekly": &k.weekly, "monthly": &k.monthly}
	for _, word := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(word), "=")
		number, err := strconv.Atoi(value)
		if numbers[name] == nil || err != nil || number < 0 {
			return k, usage("BACKUP_KEEP is not understood: "+text, "Write it as "+defaultKeep+".")
		}
		*numbers[name] = number
	}
	if k == (keep{}) {
		return k, usage("BACKUP_KEEP keeps no backup", "Keep one at least, for instance "+defaultKeep+".")
	}
	return k, nil
}

// The newest backups stay, whatever the policy says: several of one hour are made by hand, before something is tried.
const keptAnyway = 5

// A clock of two machines, or one that is set by a few minutes, is no reason to keep everything.
const clockTolerance = 10 * time.Minute

// expired are the backups that the policy no longer asks for. It counts hours, days, weeks and months that have a
// backup, not those that have passed. So neither a pause nor a clock that jumps ahead deletes anything: kopia's own
// policy would then delete all that is older than its period. If the clock was set back, there are backups from the
// future, and nothing is deleted. `newest` is the backup that was written last, which stays in any case.
func (k keep) expired(backups []*backup, newest string, now time.Time) []*backup {
	sorted := append([]*backup(nil), backups...)
	sort.SliceStable(sorted, func(a, b int) bool { return sorted[a].Time.After(sorted[b].Time) })
	if clockWasSetBack(sorted, now) {
		return nil
	}

	type period struct {
		kind, name string
	}
	seen := map[period]bool{}
	count := map[string]int{}
	var result []*backup
	for index, one := range sorted {
		at := one.Time.UTC()
		year, week := at.ISOWeek()
		kept := index < keptAnyway || one.ID == newest
		for _, rule := range []struct {
			period
			number int
		}{
			{period{"hourly", at.Format("2006-01-02 15")}, k.hourly},
			{period{"daily", at.Format("2006-01-02")}, k.daily},
			{period{"weekly", strconv.Itoa(year) + "-" + strconv.Itoa(week)}, k.weekly},
			{period{"monthly", at.Format("2006-01")}, k.monthly},
		} {
			if seen[rule.period] || count[rule.kind] >= rule.number {
				continue
			}
			seen[rule.period] = true
			count[rule.kind]++
			kept = true
		}
		if !kept {
			result = append(result, one)
		}
	}
	return result
}

func clockWasSetBack(backups []*backup, now time.Time) bool {
	for _, one := range backups {
		if one.Time.After(now.Add(clockTolerance)) {
			return true
		}
	}
	return false
}
