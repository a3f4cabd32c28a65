using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Testing;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Browser;

/// <summary>A page of its own origin in a headless Chromium, which tells the test what its script sees.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    // A cold start on a busy machine.
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly HttpListener _listener = new();
    private readonly BlockingCollection<JsonNode> _told = [];
    private readonly string _profile = Directory.CreateTempSubdirectory("httpmq-chromium-").FullName;
    private readonly string _html;
    private readonly Task _serving;
    private Process? _browser;

    /// <param name="port">The port of its origin.</param>
    /// <param name="script">What runs in it; <c>tell(value)</c> sends a value to the test.</param>
    private BrowserPage(int port, string script)
    {
        Origin = $"http://127.0.0.1:{port}";
        _html = $$"""
            <!doctype html><meta charset="utf-8"><title>test</title>
            <script>
            let telling = Promise.resolve();
            const tell = value => telling = telling.then(() => fetch('/tell', { method: 'POST', body: JSON.stringify(value) }));
            {{script}}
            </script>
            """;
        _listener.Prefixes.Add($"{Origin}/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Origin { get; }

    /// <summary>A port for the page, before what it shows is known.</summary>
    public static int NewPort() => Ports.Free();

    /// <summary>Opens the page.</summary>
    public static BrowserPage Open(int port, string script)
    {
        var page = new BrowserPage(port, script);
        page.Start();
        return page;
    }

    /// <summary>What the script tells next.</summary>
    public async Task<JsonNode> NextAsync()
    {
        JsonNode? told = null;
        await Eventually.HoldsAsync(
            () => Task.FromResult(_told.TryTake(out told)), $"a word from the page; the browser {Describe()}", StartLimit);
        return told!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is { } browser)
        {
            browser.Kill(entireProcessTree: true);
            await browser.WaitForExitAsync();
            browser.Dispose();
        }

        _listener.Close();
        await _serving;
        _told.Dispose();
        await Eventually.HoldsAsync(IsProfileGone, "the browser's folder can be deleted");
    }

    private string Describe() => _browser is { HasExited: false } ? "runs" : "has ended";

    private static string Program() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Select(static folder => Path.Combine(folder, "chromium"))
            .FirstOrDefault(File.Exists) ?? throw new IgnoreException("needs chromium");

    private void Start()
    {
        var start = new ProcessStartInfo(Program())
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",

            // The authority of a test's gateway is its own.
            "--ignore-certificate-errors",
            $"--user-data-dir={_profile}", "--remote-debugging-port=0", $"{Origin}/",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _browser = Process.Start(start) ?? throw new AssertionException("chromium did not start");
        _browser.OutputDataReceived += static (_, _) => { };
        _browser.ErrorDataReceived += static (_, _) => { };
        _browser.BeginOutputReadLine();
        _browser.BeginErrorReadLine();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                if (string.Equals(context.Request.Url!.AbsolutePath, "/tell", StringComparison.Ordinal))
                {
                    using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
                    _told.Add(JsonNode.Parse(await reader.ReadToEndAsync())!);
                }
                else
                {
                    context.Response.ContentType = "text/html; charset=utf-8";
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(_html));
                }

                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The page is closed.
        }
    }

    private bool IsProfileGone()
    {
        try
        {
            Directory.Delete(_profile, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
