// A program of several commands, each exercising a part of Go on WASI preview 1: flags, JSON, files, goroutines.
//
//	guest flags [-n N] [-name TEXT] [-v] [ARG…]
//	guest json | files DIR | goroutines | sort | errors DIR | stdin | panic | exit CODE | roundtrip N
//
// Everything printed is the same on every run and with every version of Go since 1.21.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
)

func flags(args []string) error {
	set := flag.NewFlagSet("flags", flag.ContinueOnError)
	set.SetOutput(os.Stdout)
	n := set.Int("n", 1, "how many")
	name := set.String("name", "nobody", "whom to greet")
	verbose := set.Bool("v", false, "say more")
	pause := set.Duration("pause", time.Millisecond, "how long to wait")
	if err := set.Parse(args); err != nil {
		return err
	}
	for i := 0; i < *n; i++ {
		fmt.Printf("%d: hello, %s\n", i, *name)
		time.Sleep(*pause)
	}
	fmt.Println(*verbose, *pause, set.Args(), os.Getenv("GREETING"))
	return nil
}

type Point struct {
	X, Y float64
	Tags []string       `json:"tags,omitempty"`
	Meta map[string]any `json:"meta"`
	Next *Point         `json:"next,omitempty"`
	Skip string         `json:"-"`
}

func jsonCommand() error {
	text := `{"X":1.5,"Y":-2e3,"tags":["a","b\u00e9\n"],"meta":{"z":[1,2.5,null,true],"a":{"deep":"\ud83d\udea3"}},"next":{"X":0,"Y":1,"meta":null}}`
	var p Point
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	fmt.Printf("%+v %+v\n", p.Meta, *p.Next)
	out, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(out))
	var bad map[string]int
	err = json.Unmarshal([]byte(`{"a": "text"}`), &bad)
	var typeError *json.UnmarshalTypeError
	fmt.Println(errors.As(err, &typeError), typeError.Field == "a", typeError.Value)
	var syntaxError *json.SyntaxError
	err = json.Unmarshal([]byte(`{"a": [1, 2,, 3]}`), &bad)
	fmt.Println(errors.As(err, &syntaxError), syntaxError.Offset)
	return nil
}

// Item is what roundtrip encodes and decodes, again and again.
type Item struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Price float64           `json:"price"`
	Tags  []string          `json:"tags"`
	Attrs map[string]string `json:"attrs"`
}

func roundtrip(n int) error {
	items := make([]Item, 200)
	for i := range items {
		items[i] = Item{i, fmt.Sprintf("item-%d", i), float64(i) * 1.25, []string{"red", "green", strconv.Itoa(i % 7)},
			map[string]string{"k": strconv.Itoa(i * i), "unit": "m\u00b2"}}
	}
	hash := sha256.New()
	for round := 0; round < n; round++ {
		data, err := json.Marshal(items)
		if err != nil {
			return err
		}
		hash.Write(data)
		var back []Item
		if err := json.Unmarshal(data, &back); err != nil {
			return err
		}
		for i := range back {
			back[i].Price += float64(round)
		}
		items = back
	}
	fmt.Printf("%x\n", hash.Sum(nil))
	return nil
}

func files(dir string) error {
	base := filepath.Join(dir, "made")
	for i := 0; i < 3; i++ {
		sub := filepath.Join(base, "d"+strconv.Itoa(i), "inner")
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		for j := 0; j < 4; j++ {
			body := strings.Repeat(fmt.Sprintf("line %d of %d\n", j, i), 10*(j+1))
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%d.txt", j)), []byte(body), 0o644); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(filepath.Join(base, "d2", "inner"), filepath.Join(base, "moved")); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(base, "d0", "inner", "f3.txt")); err != nil {
		return err
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if entry.IsDir() {
			fmt.Println(name + "/")
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Printf("%s %d %x\n", name, len(data), sha256.Sum256(data))
		return nil
	})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(base, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	fmt.Fprintf(file, "first\n")
	fmt.Fprintf(file, "second\n")
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		fmt.Println("log:", scanner.Text())
	}
	if err := file.Truncate(3); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	fmt.Println(info.Name(), info.Size(), info.Mode().IsRegular())
	return file.Close()
}

func goroutines() error {
	work, results := make(chan int), make(chan [2]int, 4)
	var group sync.WaitGroup
	for w := 0; w < 8; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range work {
				a, b := 0, 1
				for i := 0; i < n; i++ {
					a, b = b, (a+b)%1000007
				}
				results <- [2]int{n, a}
			}
		}()
	}
	go func() {
		for n := 0; n < 100; n++ {
			work <- n * 10
		}
		close(work)
		group.Wait()
		close(results)
	}()
	sum, count := 0, 0
	for r := range results {
		sum += r[0] * r[1]
		count++
	}
	fmt.Println(count, sum)

	var mutex sync.Mutex
	total := 0
	var once sync.Once
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			once.Do(func() { fmt.Println("once") })
			time.Sleep(time.Duration(i%5) * time.Millisecond)
			mutex.Lock()
			total += i
			mutex.Unlock()
		}(i)
	}
	group.Wait()
	fmt.Println(total)
	select {
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timer")
	case <-make(chan int):
	}
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var m map[string]int
		m["x"] = 1
	}()
	// Enough garbage for the collector to run several times.
	kept := map[int][]byte{}
	for i := 0; i < 20000; i++ {
		kept[i%100] = bytes.Repeat([]byte{byte(i)}, 1000)
	}
	check := 0
	for i, b := range kept {
		check += i * int(b[len(b)-1])
	}
	fmt.Println(check)
	return nil
}

func sorting() error {
	words := strings.Fields("the wherry is a light boat that carries people where a ship is too much")
	counts := map[string]int{}
	for _, w := range words {
		counts[w]++
	}
	sort.SliceStable(words, func(i, j int) bool {
		if counts[words[i]] != counts[words[j]] {
			return counts[words[i]] > counts[words[j]]
		}
		return words[i] < words[j]
	})
	tmpl := template.Must(template.New("t").Parse("{{range $i, $w := .}}{{if $i}}, {{end}}{{printf \"%q\" $w}}{{end}}\n"))
	return tmpl.Execute(os.Stdout, words)
}

func failures(dir string) error {
	_, err := os.Open(filepath.Join(dir, "missing"))
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	_, err = os.Open("/etc/passwd")
	fmt.Println(err != nil)
	_, err = os.Open(filepath.Join(dir, "..", "..", "etc", "passwd"))
	fmt.Println(err != nil)
	err = os.Mkdir(dir, 0o755)
	fmt.Println(errors.Is(err, fs.ErrExist))
	_, err = strconv.Atoi("12x")
	fmt.Println(err)
	return nil
}

func stdin() error {
	scanner := bufio.NewScanner(os.Stdin)
	lines := 0
	for scanner.Scan() {
		lines++
		fmt.Printf("%d %q\n", lines, scanner.Text())
	}
	return scanner.Err()
}

func main() {
	if len(os.Args) < 2 {
		fmt.Println("guest: no command")
		os.Exit(2)
	}
	var err error
	arg := func(i int) string {
		if len(os.Args) > i {
			return os.Args[i]
		}
		return ""
	}
	switch os.Args[1] {
	case "hello":
		fmt.Println("hello, world")
	case "flags":
		err = flags(os.Args[2:])
	case "json":
		err = jsonCommand()
	case "roundtrip":
		n, _ := strconv.Atoi(arg(2))
		err = roundtrip(n)
	case "files":
		err = files(arg(2))
	case "goroutines":
		err = goroutines()
	case "sort":
		err = sorting()
	case "errors":
		err = failures(arg(2))
	case "stdin":
		err = stdin()
	case "panic":
		var p *Point
		fmt.Println(p.X)
	case "exit":
		code, _ := strconv.Atoi(arg(2))
		os.Exit(code)
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
