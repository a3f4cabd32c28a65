using System.Net;
using Httpmq.Api.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Httpmq.Tests.Api.Http;

/// <summary>What the log of requests never has, whatever is configured.</summary>
internal sealed class AccessLogSecretTests
{
    [TestCase("Authorization")]
    [TestCase("x-api-key")]
    [TestCase("Cookie")]
    [TestCase("Proxy-Authorization")]
    [TestCase("Api-Key")]
    [TestCase("X-Vault-Token")]
    [TestCase("X-Client-Secret")]
    [TestCase("Nats-Msg-Id")]
    [TestCase("X-Forwarded-Client-Cert")]
    [TestCase("baggage")]
    public async Task Headers_ThatCarrySecrets_AreNotLogged(string header)
    {
        var log = new Collected();
        using var loggers = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(log));
        var settings = new ApiServerSettings
        {
            PathPrefix = "/",
            ListenOn = IPAddress.Loopback,
            ListenPort = 1,
            ReadTimeout = null,
            WriteTimeout = null,
            IdleTimeout = null,
            RequestIdHeader = "Httpmq-Request-ID",
            DoNotLogHeaders = new HashSet<string>(StringComparer.OrdinalIgnoreCase),
        };
        var context = new DefaultHttpContext();
        context.Request.Headers[header] = "secret";
        context.Request.Headers.UserAgent = "curl";

        await new AccessLogMiddleware(static _ => Task.CompletedTask, settings, TimeProvider.System, loggers).InvokeAsync(context);

        Assert.That(string.Join('\n', log.Lines), Does.Contain("User-Agent: curl").And.Not.Contain("secret"));
    }

    private sealed class Collected : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
