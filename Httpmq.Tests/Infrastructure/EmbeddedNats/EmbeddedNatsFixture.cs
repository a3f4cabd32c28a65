using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Httpmq.Api.Hosting;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>A temporary folder and the servers in it; everything is gone afterwards.</summary>
[Category(ServerUnderTest.Category)]
internal abstract class EmbeddedNatsFixture
{
    private readonly List<EmbeddedNatsServer> _servers = [];

    protected string Folder { get; private set; } = "";

    protected RecordingLoggerFactory Log { get; private set; } = null!;

    [SetUp]
    public void CreateFolder()
    {
        Folder = Directory.CreateTempSubdirectory("httpmq-embedded-").FullName;
        Log = new RecordingLoggerFactory();
    }

    [TearDown]
    public async Task StopEverything()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _servers.Clear();
        Log.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    protected EmbeddedNatsServer Create(Func<EmbeddedNatsOptions, EmbeddedNatsOptions>? change = null)
    {
        var options = new EmbeddedNatsOptions { DataFolder = Folder, Port = 0, Executable = ServerUnderTest.Executable };
        var server = new EmbeddedNatsServer(change is null ? options : change(options), Log, NoMetrics.Create(), TimeProvider.System);
        _servers.Add(server);
        return server;
    }

    protected async Task<EmbeddedNatsServer> StartAsync(Func<EmbeddedNatsOptions, EmbeddedNatsOptions>? change = null)
    {
        var server = Create(change);
        await server.StartAsync(CancellationToken.None);
        return server;
    }

    /// <summary>The message with which the start is refused.</summary>
    protected static string RefusalOf(EmbeddedNatsServer server) =>
        EmbeddedNatsAdvice.Describe(Assert.ThrowsAsync<EmbeddedNatsException>(() => server.StartAsync(CancellationToken.None))!);

    /// <summary>A connection with the server's own login.</summary>
    protected static NatsConnection Connect(EmbeddedNatsServer server) =>
        new(ClientSettings.Of(new NatsOptions { Url = server.ServerUri, Login = server.Login }));

    protected static int PortOf(EmbeddedNatsServer server) => new Uri(server.ServerUri).Port;

    /// <summary>False for a zombie too: nobody may have collected an orphan yet.</summary>
    protected static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited && StatOf(processId)[0] is not "Z" and not "X";
        }
        catch (Exception gone) when (gone is ArgumentException or IOException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The fields of /proc/pid/stat after the name: state, parent, process group, session, ...</summary>
    protected static string[] StatOf(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    protected static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }
}

/// <summary>Keeps what was logged: category, level, text.</summary>
internal sealed class RecordingLoggerFactory : ILoggerFactory
{
    private string? _failure;

    public ConcurrentQueue<(string Category, LogLevel Level, string Text)> Lines { get; } = new();

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, this);

    /// <summary>The next line with this text is not logged: whoever writes it gets an exception that nobody expects.</summary>
    public void FailOnceAt(string text) => Volatile.Write(ref _failure, text);

    public void Dispose() => Lines.Clear();

    private void Add(string category, LogLevel level, string text)
    {
        if (Volatile.Read(ref _failure) is { } failure && text.Contains(failure, StringComparison.Ordinal)
            && Interlocked.CompareExchange(ref _failure, null, failure) == failure)
        {
            throw new InvalidTimeZoneException("planted");
        }

        Lines.Enqueue((category, level, text));
    }

    private sealed class Recorder(string category, RecordingLoggerFactory factory) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            factory.Add(
                category, logLevel, exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception.Message}");
    }
}
