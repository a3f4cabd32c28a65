using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>Replays with parameters at random, of a stream with holes: what is answered 200 has exactly what a simple model says.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed partial class ReplayFuzz(string version) : HttpFuzz(version)
{
    private const int Count = 80;
    private const string EndOfId = "-end";

    private readonly SortedDictionary<ulong, string> _stored = [];
    private string _stream = string.Empty;

    [SetUp]
    public async Task FillAsync()
    {
        _stored.Clear();
        _stream = SharedServers.NewName();
        await JetStream.CreateStreamAsync(_stream, [$"{_stream}.>"]);
        using var client = Server.Client();
        for (ulong sequence = 1; sequence <= Count; sequence++)
        {
            _stored[sequence] = $"{_stream}.{Nonsense.Pick("a", "b", "a.b", "c.b")}";
            Assert.That(await client.PublishAsync(_stored[sequence], $"{sequence}"), Is.EqualTo(sequence));
        }

        for (var removed = 0; removed < Count / 4; removed++)
        {
            // The last one, too.
            var sequence = removed == 0 ? Count : (ulong)Random.Next(1, Count);
            if (_stored.Remove(sequence))
            {
                await JetStream.CallAsync($"STREAM.MSG.DELETE.{_stream}", new JsonObject { ["seq"] = sequence });
            }
        }
    }

    [TearDown]
    public Task DeleteAsync() => JetStream.CallAsync($"STREAM.DELETE.{_stream}");

    [Test]
    public Task Replay_RandomParameters_HasWhatTheModelSays() => RunAsync(300, async _ =>
    {
        var request = Make();
        var target = $"/v1/data/stream/{_stream}/message?{string.Join('&', request.Query)}";
        var headers = string.Join(" & ", request.Headers);
        using var response = await OpenAsync(Server.Dataplane, "GET", target, body: null, headers.Length > 0 ? headers : null);
        var what = $"{target} {headers}";
        Assert.That((int)response.StatusCode, request.IsValid ? Is.AnyOf(200, 204) : Is.EqualTo(400), what);
        if (request is { IsValid: true, HasAll: true })
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(204), what);
        }

        if (!request.IsValid || (request.Follows && !request.HasAll))
        {
            // One that follows ends when its client leaves.
            return;
        }

        var text = await response.Content.ReadAsStringAsync();
        var sequences = SequenceRegex().Matches(text).Select(static match => ulong.Parse(match.Groups["sequence"].ValueSpan));
        Assert.That(sequences, Is.EqualTo(Expected(request)), $"{what}: {text}");
        Assert.That(text, Does.Not.Contain("\"success\":false"), what);
        Assert.That((int)response.StatusCode, request.After is not null && text.Length == 0 ? Is.AnyOf(200, 204) : Is.EqualTo(200), what);
    });

    [Test]
    public Task Replay_Nonsense_IsNeverAFault() => RunAsync(200, async _ =>
    {
        var path = $"/v1/data/stream/{Nonsense.Pick(_stream, "s", "a.b", "%00", "*")}/message?limit=1&";
        var name = Nonsense.Pick("from_seq", "from_time", "last", "last_per_subject", "new", "subject", "limit", "encoding", "heartbeat");
        await TryPathAsync(path + name + Nonsense.Pick("=", string.Empty, "=1&", "&") + Nonsense.Path(3));
    });

    [GeneratedRegex("\"sequence\":\\{\"stream\":(?<sequence>\\d+),", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex SequenceRegex();

    private async Task TryPathAsync(string target)
    {
        try
        {
            using var response = await OpenAsync(Server.Dataplane, "GET", target, body: null);
            Assert.That((int)response.StatusCode, Is.LessThan(500), target);
        }
        catch (UriFormatException)
        {
            // Such a target cannot be sent.
        }
        catch (HttpRequestException exception) when (exception.InnerException is HttpProtocolException { ErrorCode: 1 })
        {
            // Over HTTP/2 the server resets the stream.
        }
    }

    private Request Make()
    {
        var request = new Request();
        var beginnings = Nonsense.Pick(0, 1, 1, 1, 1, 2);
        var kinds = new[] { "from_seq", "from_time", "last", "last_per_subject", "new" };
        Random.Shuffle(kinds);
        foreach (var kind in kinds[..beginnings])
        {
            switch (kind)
            {
                case "from_seq":
                    var sequence = Nonsense.Pick("1", "2", "40", "79", "80", "81", "18446744073709551615", "0", "18446744073709551616",
                        "-1", "x", "1e2", "%2B5", "%205", "0x1", string.Empty);
                    request.From = Take(request, kind, sequence);
                    request.IsValid &= request.From is > 0;
                    break;
                case "from_time":
                    var time = Nonsense.Pick("2000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2999-01-01T00:00:00Z",
                        "9999-12-31T23:59:59.9999999Z", "2000-01-01T00:00:00%2B02:00", "yesterday", "2026-11-24", "2026-02-30T00:00:00Z",
                        "T", string.Empty, "2026-01-01T25:00:00Z");
                    request.Query.Add($"{kind}={time}");
                    request.From = time.StartsWith('2') || time.StartsWith('0') ? 1UL : null;
                    request.IsFuture = time.StartsWith("2999", StringComparison.Ordinal) || time.StartsWith('9');
                    request.IsValid &= time.Length > 10 && time is not ("2026-02-30T00:00:00Z" or "2026-01-01T25:00:00Z");
                    break;
                default:
                    var flag = Nonsense.Pick("=", "=true", string.Empty, "=true", "=false", "=maybe", "=1");
                    request.Query.Add(kind + flag);
                    request.IsValid &= flag is not ("=maybe" or "=1");
                    request.Flags[kind] = flag is "=" or "=true" or "";
                    break;
            }
        }

        Limit(request);
        Subjects(request);
        Follow(request);
        Headers(request);
        var isNamed = request.From is not null || request.Query.Any(static part => part.StartsWith("from_", StringComparison.Ordinal));
        request.IsValid &= (isNamed ? 1 : 0) + request.Flags.Count(static flag => flag.Value) <= 1
            && request.Query.Count(static part => part.StartsWith("from_", StringComparison.Ordinal)) <= 1;
        return request;
    }

    private void Limit(Request request)
    {
        if (Random.Next(3) == 0)
        {
            var limit = Nonsense.Pick("1", "2", "17", "30", "9223372036854775807", "0", "-1", "9223372036854775808", "x", string.Empty);
            request.Query.Add($"limit={limit}");
            request.Limit = long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
            request.IsValid &= request.Limit > 0;
        }
    }

    private void Subjects(Request request)
    {
        for (var count = Nonsense.Pick(0, 0, 1, 1, 2, 3, 17); count > 0; count--)
        {
            var subject = Nonsense.Pick("S.a", "S.b", "S.a.b", "S.*.b", "S.a.*", "S.*", "S.>", ">", "S.none", "S.a..b", "S.>.a", "S.a%20b");
            request.Query.Add($"subject={subject.Replace("S", _stream, StringComparison.Ordinal)}");
            request.IsValid &= subject is not ("S.a..b" or "S.>.a" or "S.a%20b");
            request.Subjects.Add(subject);
        }

        request.IsValid &= request.Subjects.Count <= 16;
    }

    private void Follow(Request request)
    {
        var follow = Nonsense.Pick(string.Empty, "follow=false", "follow=false", "follow=true", "follow=no");
        request.Follows = follow is "follow=true" || (follow.Length == 0 && request.Flags.GetValueOrDefault("new"));
        request.IsValid &= follow is not "follow=no";
        if (follow.Length > 0)
        {
            request.Query.Add(follow);
        }
    }

    private void Headers(Request request)
    {
        if (Random.Next(3) == 0)
        {
            var id = Nonsense.Pick("0", "1", "50", "79", "80", "18446744073709551615", "18446744073709551616", "-1", "x", "3 4", "3, 4",
                "0-end", "79-end", "80-end", "81-end", "18446744073709551615-end", "18446744073709551616-end", "-end", "x-end", "80-END",
                "80-end-end", "80 -end");
            request.Headers.Add($"Last-Event-ID: {id}");
            request.HasAll = id.EndsWith(EndOfId, StringComparison.Ordinal);
            id = request.HasAll ? id[..^EndOfId.Length] : id;
            request.After = ulong.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? after : null;
            request.IsValid &= request.After is not null;
        }

        if (Random.Next(2) == 0)
        {
            request.Headers.Add("Accept: " + Nonsense.Pick("*/*", "text/event-stream", "text/event-stream;q=0.5, application/x-ndjson",
                "application/json-seq;q=1, text/event-stream;q=0", "text/event-stream;q=2", ";;;", "application/jsonl", "a/b;q=x, ,*/*;q=0",
                "application/x-ndjson;q=0.001, text/html;q=0.9"));
        }
    }

    private static ulong? Take(Request request, string name, string text)
    {
        request.Query.Add($"{name}={text}");
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private IEnumerable<ulong> Expected(Request request)
    {
        if (request.HasAll)
        {
            return [];
        }

        var matching = _stored
            .Where(message => request.Subjects.Count == 0 || request.Subjects.Any(subject => Matches(subject, message.Value)))
            .ToArray();
        IEnumerable<ulong> sequences = matching.Select(static message => message.Key);
        if (request.Flags.GetValueOrDefault("last_per_subject"))
        {
            sequences = matching.GroupBy(static message => message.Value, StringComparer.Ordinal)
                .Select(static subject => subject.Max(static message => message.Key)).Order();
        }
        else if (request.After is null)
        {
            sequences = request.IsFuture || request.Flags.GetValueOrDefault("new") ? []
                : request.Flags.GetValueOrDefault("last") ? sequences.TakeLast(1)
                : sequences.Where(sequence => sequence >= (request.From ?? 1));
        }

        sequences = sequences.Where(sequence => sequence > (request.After ?? 0));
        return sequences.Take((int)Math.Min(request.Limit ?? int.MaxValue, int.MaxValue)).ToArray();
    }

    private bool Matches(string filter, string subject) => Regex.IsMatch(
        subject,
        "^" + Regex.Escape(filter).Replace("S", _stream, StringComparison.Ordinal).Replace("\\*", "[^.]+", StringComparison.Ordinal)
            .Replace(">", ".+", StringComparison.Ordinal) + "$",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1));

    private sealed class Request
    {
        public List<string> Query { get; } = [];

        public List<string> Headers { get; } = [];

        public Dictionary<string, bool> Flags { get; } = [];

        public List<string> Subjects { get; } = [];

        public ulong? From { get; set; }

        public bool IsFuture { get; set; }

        public ulong? After { get; set; }

        /// <summary>Whether its client comes back from the end.</summary>
        public bool HasAll { get; set; }

        public long? Limit { get; set; }

        public bool Follows { get; set; }

        public bool IsValid { get; set; } = true;
    }
}
