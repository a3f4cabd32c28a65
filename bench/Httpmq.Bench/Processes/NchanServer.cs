using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Httpmq.Testing;

namespace Httpmq.Bench.Processes;

/// <summary>
/// nginx with the module nchan: takes a publish at the gateway's own path, and keeps the last messages of a channel in memory.
/// </summary>
internal sealed partial class NchanServer : ServerProcess
{
    private const string Program = "/usr/sbin/nginx";
    private const string Module = "/usr/lib/nginx/modules/ngx_nchan_module.so";
    private const string ConfigurationFile = "nginx.conf";
    private const string PidFile = "nginx.pid";
    private const string StatusPath = "/status";

    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-nchan-").FullName;
    private readonly HttpClient _client = new()
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private NchanServer()
        : base("nginx", watcher: null)
    {
        Address = new Uri($"http://127.0.0.1:{Ports.Free()}");
        File.WriteAllText(Path.Combine(_folder, ConfigurationFile), Configuration);
    }

    public Uri Address { get; }

    // One worker: two pass each other the messages of a channel, and take fewer than one does on two cores beside the load generator.
    private string Configuration => $$"""
        load_module {{Module}};
        daemon off;
        worker_processes 1;
        pid {{PidFile}};
        events { worker_connections 1024; }
        http {
            access_log off;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            keepalive_requests 1000000000;
            server {
                listen {{Address.Authority}} http2;
                location = {{StatusPath}} { nchan_stub_status; }
                location ~ ^/v1/data/subject/(.+)$ {
                    nchan_publisher;
                    nchan_channel_id $1;
                    nchan_message_buffer_length 10;
                    nchan_message_timeout 10s;
                }
            }
        }
        """;

    /// <summary>Starts it, and waits until it serves. Throws <see cref="BenchException"/> where it is not installed.</summary>
    public static async Task<NchanServer> StartAsync()
    {
        foreach (var (file, package) in new[] { (Program, "nginx"), (Module, "libnginx-mod-nchan") })
        {
            if (!File.Exists(file))
            {
                throw new BenchException($"{file} is not installed (Debian: {package})");
            }
        }

        var server = new NchanServer();
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch (ServerFailedException exception)
        {
            await server.DisposeAsync();
            throw new BenchException(exception.Message);
        }
    }

    /// <summary>How many messages were published since its start.</summary>
    public async Task<long> PublishedAsync() => long.Parse(
        Published().Match(await _client.GetStringAsync(new Uri(Address, StatusPath))).Groups["count"].ValueSpan,
        CultureInfo.InvariantCulture);

    /// <summary>Processor time of the workers: the process that was started only watches over them.</summary>
    public TimeSpan WorkerTime()
    {
        var (time, master) = (TimeSpan.Zero, File.ReadAllText(Path.Combine(_folder, PidFile)).Trim());
        foreach (var id in File.ReadAllText($"/proc/{master}/task/{master}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            using var worker = Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture));
            time += worker.TotalProcessorTime;
        }

        return time;
    }

    /// <summary>Asks it to stop, because a worker outlives the process that was started when that is killed.</summary>
    public override async ValueTask DisposeAsync()
    {
        await StopAsync();
        await base.DisposeAsync();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    protected override ProcessStartInfo Describe() =>
        new(Program, ["-e", "stderr", "-p", _folder, "-c", Path.Combine(_folder, ConfigurationFile)]);

    protected override async Task<(bool Serves, string? Version)> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(Address, StatusPath), cancellationToken);
            return (answer.IsSuccessStatusCode, null);
        }
        catch (HttpRequestException)
        {
            return (false, null);
        }
    }

    [GeneratedRegex(@"total published messages: (?<count>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Published();
}
