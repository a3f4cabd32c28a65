using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Loads;

/// <summary>Ways to publish that are dearer than <see cref="RequestLoad"/>, but not of our making.</summary>
internal static partial class OtherGenerators
{
    private const int Connections = 4;
    private const int Inflight = 32;

    /// <summary>The nghttp2 project's load generator, where it is installed.</summary>
    public static async Task<Counted> RunH2LoadAsync(Uri server, string subject, byte[] payload, TimeSpan duration)
    {
        var body = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(body, Convert.ToBase64String(payload));
            var url = new Uri(server, $"/v1/data/subject/{subject}");
            var start = new ProcessStartInfo(
                "h2load",
                $"-c {Connections} -m {Inflight} -t 1 -D {(int)Math.Ceiling(duration.TotalSeconds)} -d {body} {url}")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            using var process = Process.Start(start)!;
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            var match = StatusCodes().Match(output);
            return match.Success && match.Groups["ok"].ValueSpan is not "0" && AllSucceeded().IsMatch(output)
                ? new Counted(long.Parse(match.Groups["ok"].ValueSpan, CultureInfo.InvariantCulture))
                : throw new BenchException($"h2load: {output}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new NotAvailableException("h2load is not installed (Debian: nghttp2-client)");
        }
        finally
        {
            File.Delete(body);
        }
    }

    /// <summary>.NET's own client.</summary>
    public static async Task<Counted> RunHttpClientAsync(Uri server, string subject, byte[] payload, TimeSpan duration)
    {
        var url = new Uri(server, $"/v1/data/subject/{subject}");
        var body = Encoding.ASCII.GetBytes(Convert.ToBase64String(payload));
        var latency = new LatencyHistogram();
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            using var client = new HttpMessageInvoker(new SocketsHttpHandler { EnableMultipleHttp2Connections = false });
            return (await Task.WhenAll(Enumerable.Range(0, Inflight).Select(_ => LoopAsync(client)))).Sum();
        }));
        return new Counted(counts.Sum(), latency);

        async Task<long> LoopAsync(HttpMessageInvoker client)
        {
            long count = 0;
            for (; Stopwatch.GetElapsedTime(start) < duration; count++)
            {
                var sent = Stopwatch.GetTimestamp();
                using var request = new HttpRequestMessage(HttpMethod.Post, url)
                {
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = new ByteArrayContent(body),
                };
                using var response = await client.SendAsync(request, CancellationToken.None);
                response.EnsureSuccessStatusCode();
                await response.Content.CopyToAsync(Stream.Null);
                latency.RecordSince(sent);
            }

            return count;
        }
    }

    [GeneratedRegex(@"status codes: (?<ok>\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StatusCodes();

    [GeneratedRegex(@" 0 failed, 0 errored, 0 timeout", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AllSucceeded();
}
