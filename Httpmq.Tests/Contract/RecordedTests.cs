using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// The requests that were recorded from the original program, one after the other, each with the status that the contract
/// gives it. The tables are in Recorded/: status | method | target | body | headers | name; "(before)" prepares what follows.
/// A status such as 400,max_consumers=200 is 400, but 200 on servers that have this capability.
/// A body without a content type is sent as a form, as curl did when they were recorded.
/// </summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed partial class RecordedTests(string version) : ContractTest(version)
{
    private const string Folder = "Recorded/";

    private static readonly string[] OwnStreams =
    [
        "s1", "s2", "s3", "s4", "s5", "s6", "11111111-2222-3333-4444-555555555555", "AAAAAAAA-2222-3333-4444-555555555555", "a-b", "a_b",
        "uf", "ci", "dk2",
        "x2", "x2b", "x2c", "x2d", "x2e", "x8", "y2", "y3", "y8", "y8b", "y9", "y10", "y12", "y13", "y14", "y15", "y16", "y-16", "y18", "w",
        "small", "lim", "uni",
    ];

    public static IEnumerable<string> Tables() => typeof(RecordedTests).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
        .Select(name => name[Folder.Length..])
        .Order(StringComparer.Ordinal);

    [SetUp]
    [TearDown]
    public Task Clean() => Task.WhenAll(OwnStreams.Select(name => Client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{name}")));

    [TestCaseSource(nameof(Tables))]
    public async Task Request_AsRecorded_HasTheStatusOfTheContract(string table)
    {
        var wrong = new List<string>();
        foreach (var line in await ReadAsync(table))
        {
            var fields = line.Split(" | ");
            var status = StatusOf(fields[0]);
            try
            {
                var answered = await AskAsync(fields[1], fields[2], fields[3], fields[4], status);
                if (answered != status)
                {
                    wrong.Add($"{answered} instead of {line}");
                }
            }
            catch (HttpRequestException exception)
                when (IsHttp2 && fields[2].EndsWith("%00", StringComparison.Ordinal) && exception.InnerException is HttpProtocolException)
            {
                // The server's HTTP/2 refuses such a path by ending the stream.
            }
            catch (HttpRequestException exception)
            {
                wrong.Add($"{exception.Message} ({exception.InnerException?.Message}) instead of {line}");
            }
        }

        Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
    }

    /// <summary>The status for the server that the tests run on.</summary>
    private static int StatusOf(string field)
    {
        const string OnNewServers = ",max_consumers=";
        var parts = field.Split(OnNewServers);
        return int.Parse(parts[ServerUnderTest.ChangesMaxConsumers ? ^1 : 0], CultureInfo.InvariantCulture);
    }

    private async Task<int> AskAsync(string method, string target, string body, string headers, int status)
    {
        var server = target.StartsWith("MGMT", StringComparison.Ordinal) ? Gateway.Management : Gateway.Dataplane;
        using var response = await OpenAsync(server, method, target[4..], Content(body), headers is "-" ? null : Expand(headers));
        if (response.Content.Headers.ContentType?.MediaType is "text/event-stream")
        {
            return (int)response.StatusCode;
        }

        var answer = await WireAnswer.ReadAsync(response);
        if (answer.Status == status && method is not "HEAD")
        {
            answer.Expect(status);
        }

        return answer.Status;
    }

    private static ByteArrayContent? Content(string body)
    {
        if (body is "-")
        {
            return null;
        }

        var content = new ByteArrayContent(body is "(empty)" ? [] : Unescape(Expand(body)));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        return content;
    }

    /// <summary>Writes out <c>&lt;x x 300&gt;</c>, <c>&lt;space x 300&gt;</c> and <c>&lt;base64 of 300&gt;</c>.</summary>
    private static string Expand(string text)
    {
        text = Repeat().Replace(text, match =>
            new string(match.Groups["text"].Value is "space" ? ' ' : match.Groups["text"].Value[0], Number(match.Groups["count"])));
        return Base64().Replace(text, match => Convert.ToBase64String(new byte[Number(match.Groups["count"])]));
    }

    private static byte[] Unescape(string text)
    {
        if (!text.Contains('\\'))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new List<byte>();
        foreach (Match match in Character().Matches(text))
        {
            bytes.AddRange(match.Value switch
            {
                "\\r" => "\r"u8,
                "\\n" => "\n"u8,
                "\\t" => "\t"u8,
                "\\\\" => "\\"u8,
                ['\\', 'x', ..] hex => [byte.Parse(hex.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)],
                _ => Encoding.UTF8.GetBytes(match.Value),
            });
        }

        return [.. bytes];
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    private static async Task<string[]> ReadAsync(string table)
    {
        using var reader = new StreamReader(typeof(RecordedTests).Assembly.GetManifestResourceStream(Folder + table)!);
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex("<(?<text>space|.) x (?<count>[0-9]+)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Repeat();

    [GeneratedRegex("<base64 of (?<count>[0-9]+)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Base64();

    [GeneratedRegex(@"\\x[0-9A-F]{2}|\\.|[^\\]+", RegexOptions.Singleline, 1000)]
    private static partial Regex Character();
}
