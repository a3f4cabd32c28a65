using System.Collections;
using Httpmq.Api.Access;
using Httpmq.Api.Hosting;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Api.Hosting.Transport;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Api.Access;

/// <summary>Keys and roles of a file that changes while the process runs.</summary>
internal sealed class AccessReloadTests
{
    private const string Before = """
        auth:
          api_keys: [{ name: shop, sha256: "{sha256:old}", roles: [w] }]
          roles: { w: { publish: { allow: [orders.>] } } }
        """;

    private readonly Subject _orders = SubjectOf("orders.new");
    private string _file = null!;
    private ConfiguredCallers _callers = null!;
    private RateLimiter _rates = null!;
    private ProcessLog _log = null!;
    private AccessReload _reload = null!;

    [SetUp]
    public void WriteFile()
    {
        _file = Path.Combine(Directory.CreateTempSubdirectory("httpmq-reload-").FullName, "httpmq.yaml");
        Write(Before);
        _callers = AccessFile.Callers(Before);
        _rates = new RateLimiter(settings: null);
        _log = new ProcessLog(new LogSettings { Level = LogLevel.Warning, Json = false });
        _reload = Reload(NullLogger<AccessReload>.Instance);
    }

    [TearDown]
    public void RemoveFile() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Test]
    public async Task Compare_NothingNew_KeepsAll()
    {
        Twice(_reload);

        Assert.That((await FindAsync("old")).Caller?.CheckPublish(_orders), Is.Null);
    }

    /// <summary>A large store takes minutes to restore, and a key may be withdrawn meanwhile.</summary>
    [Test]
    public async Task Compare_FileChangedDuringTheStart_TakesItOver()
    {
        Write(Before.Replace(":old", ":new", StringComparison.Ordinal));
        _reload = Reload(NullLogger<AccessReload>.Instance);
        Twice(_reload);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await FindAsync("old")).Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));
            Assert.That((await FindAsync("new")).Caller, Is.Not.Null);
        }
    }

    [Test]
    public void Compare_OtherSections_SaysNothingOfKeys()
    {
        using var messages = new RecordingLogs();
        using var loggers = new LoggerFactory([messages]);
        var reload = Reload(loggers.CreateLogger<AccessReload>());
        Twice(reload);
        Assert.That(messages.Messages, Is.Empty);

        Write("rate_limits: { per_address: { permits_per_second: 1 } }\n" + Before);
        Twice(reload);
        Assert.That(messages.Messages, Has.One.Items.And.All.Contains("rate limits"));

        Write(Before.Replace("orders.>", "invoices.>", StringComparison.Ordinal));
        Twice(reload);
        Assert.That(messages.Messages, Has.One.Contains("roles are taken over"));
    }

    /// <summary>Whoever gives the configuration by a pipe gives it once.</summary>
    [Test]
    public async Task Compare_FileWithoutContent_IsNotReadAgain()
    {
        await File.WriteAllTextAsync(_file, string.Empty);
        var read = 0;
        var reload = new AccessReload(
            _file, AccessFile.Read(Before), () => throw new InvalidOperationException($"read {++read}"), _callers, _rates, _log,
            NullLogger<AccessReload>.Instance);
        Twice(reload);

        Assert.That((read, (await FindAsync("old")).Caller?.Name), Is.EqualTo((0, "shop")));
    }

    [Test]
    public async Task Compare_OtherKeyAndRules_HoldAtOnceAlsoForOpenRequests()
    {
        var open = (await FindAsync("old")).Caller!;
        Write(Before.Replace(":old", ":new", StringComparison.Ordinal).Replace("orders.>", "invoices.>", StringComparison.Ordinal));
        Twice(_reload);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await FindAsync("old")).Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));
            Assert.That(open.Ended.IsCancellationRequested, Is.True);
            Assert.That(open.CheckPublish(_orders)?.Type, Is.EqualTo(AccessErrorTypes.NotPermitted));
            Assert.That(open.CheckPublish(SubjectOf("invoices.new")), Is.Null);
        }
    }

    [Test]
    public async Task Compare_AnotherKeyBeside_EndsNothing()
    {
        var open = (await FindAsync("old")).Caller!;
        Write(Before.Replace("\"{sha256:old}\"", "[\"{sha256:old}\", \"{sha256:new}\"]", StringComparison.Ordinal));
        Twice(_reload);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await FindAsync("new")).Caller, Is.SameAs(open));
            Assert.That(open.Ended.IsCancellationRequested, Is.False);
        }
    }

    [Test]
    public async Task Compare_PrincipalIsGone_MayDoNothingAnyMore()
    {
        var open = (await FindAsync("old")).Caller!;
        Write(Before.Replace("name: shop", "name: other", StringComparison.Ordinal));
        Twice(_reload);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await FindAsync("old")).Caller!.Name, Is.EqualTo("other"));
            Assert.That(open.CheckPublish(_orders)?.Type, Is.EqualTo(AccessErrorTypes.NotPermitted));
        }
    }

    [TestCase("")]
    [TestCase("auth: {")]
    [TestCase("auth: {roles: {a: {reed: {}}}}")]
    [TestCase("nats: {}")]
    public async Task Compare_FileIsWrongOrHasNoAuth_KeepsWhatWas(string yaml)
    {
        Write(yaml);
        Twice(_reload);
        Assert.That((await FindAsync("old")).Caller?.CheckPublish(_orders), Is.Null);

        Write(Before.Replace(":old", ":new", StringComparison.Ordinal));
        Twice(_reload);
        Assert.That((await FindAsync("new")).Caller, Is.Not.Null);
    }

    [Test]
    public void Compare_RateLimits_ComeChangeAndGo()
    {
        const string Limits = "\nrate_limits: { per_address: { permits_per_second: 0.001, burst: 1 } }";
        Write(Before + Limits);
        Twice(_reload);
        var permits = new Permits(_rates, AddressKey: 1, Principal: null, TimeProvider.System);
        Assert.That((permits.TakeSome(9, out var refusal), refusal?.Type.Slug), Is.EqualTo((1, "rate-limited")));

        Write(Before + Limits.Replace("burst: 1", "burst: x", StringComparison.Ordinal));
        Twice(_reload);
        Assert.That(permits.TakeSome(9, out _), Is.Zero);

        Write(Before + Limits.Replace("burst: 1", "burst: 2", StringComparison.Ordinal));
        Twice(_reload);
        Assert.That(permits.TakeSome(9, out _), Is.EqualTo(2));

        Write(Before);
        Twice(_reload);
        Assert.That(permits.TakeSome(9, out _), Is.EqualTo(9));
    }

    /// <summary>What is left of a file without its section about access may be a half of it.</summary>
    [Test]
    public void Compare_NoAuthAnyMore_KeepsLimitsAndLevelToo()
    {
        const string Limits = "\nrate_limits: { per_address: { permits_per_second: 0.001, burst: 1 } }";
        Write(Before + Limits);
        Twice(_reload);
        Write("log: { level: debug }");
        Twice(_reload);

        using var services = Loggers();
        Assert.That(new Permits(_rates, AddressKey: 1, Principal: null, TimeProvider.System).TakeSome(9, out _), Is.EqualTo(1));
        Assert.That(LoggerOf(services, "Httpmq.Api.Http").IsEnabled(LogLevel.Debug), Is.False);
    }

    [Test]
    public void Compare_NobodyWasAskedAtTheStart_LimitsAloneAreTakenOver()
    {
        var reload = new AccessReload(
            _file, access: null, () => CommandLine.Parse(["all", "-c", _file], new Hashtable()), callers: null, _rates,
            _log, NullLogger<AccessReload>.Instance);
        Write("rate_limits: { per_address: { permits_per_second: 1 } }\n" + Before);
        Twice(reload);

        Assert.That(_rates.Current, Is.Not.Null);
    }

    [Test]
    public void Compare_LevelOfTheLog_ChangesWhatLoggersWriteAndKeep()
    {
        using var services = Loggers();
        var (request, audit) = (LoggerOf(services, "Httpmq.Api.Http"), LoggerOf(services, AuditLog.Category));
        var (framework, reload) = (LoggerOf(services, "Microsoft.AspNetCore"), LoggerOf(services, typeof(AccessReload).FullName!));
        Assert.That(request.IsEnabled(LogLevel.Information), Is.False);

        Write(Before + "\nlog: { level: debug }");
        Twice(_reload);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request.IsEnabled(LogLevel.Debug), Is.True);
            Assert.That(framework.IsEnabled(LogLevel.Information), Is.False);
        }

        Write(Before + "\nlog: { level: loud }");
        Twice(_reload);
        Assert.That(request.IsEnabled(LogLevel.Debug), Is.True, "a wrong file changes nothing");

        Write(Before + "\nlog: { level: error }");
        Twice(_reload);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(request.IsEnabled(LogLevel.Warning), Is.False);
            Assert.That(framework.IsEnabled(LogLevel.Warning), Is.False);
            Assert.That((audit.IsEnabled(LogLevel.Information), reload.IsEnabled(LogLevel.Warning)), Is.EqualTo((true, true)));
        }

        Write(Before);
        Twice(_reload);
        Assert.That((request.IsEnabled(LogLevel.Warning), request.IsEnabled(LogLevel.Information)), Is.EqualTo((true, false)));
    }

    [Test]
    public void Compare_LevelOfTheCommandLine_IsStrongerThanTheFile()
    {
        using var services = Loggers();
        var reload = new AccessReload(
            _file, access: null, () => CommandLine.Parse(["all", "-l", "warn", "-c", _file], new Hashtable()), callers: null, _rates,
            _log, NullLogger<AccessReload>.Instance);
        Write("log: { level: debug }\nrate_limits: { per_address: { permits_per_second: 1 } }");
        Twice(reload);

        Assert.That(_rates.Current, Is.Not.Null);
        Assert.That(LoggerOf(services, "Httpmq.Api.Http").IsEnabled(LogLevel.Information), Is.False);
    }

    [Test]
    public async Task Compare_FileIsGone_KeepsWhatWas()
    {
        File.Delete(_file);
        Twice(_reload);

        Assert.That((await FindAsync("old")).Caller, Is.Not.Null);
    }

    /// <summary>A file of keys that nobody names any more may go with its issuer: what else is new must not wait for it.</summary>
    [Test]
    public async Task Compare_KeysFileGoesWithItsIssuer_TakesOverTheRest()
    {
        var keys = Path.Combine(Path.GetDirectoryName(_file)!, "keys.json");
        await File.WriteAllTextAsync(
            keys,
            """{"keys":[{"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueriEnbRxPq1hBOtoJUOGLYLxR8QsA","e":"AQAB"}]}""");
        var before = Before + $$"""

              jwt: [{ issuer: local, audience: httpmq, keys_file: "{{keys}}" }]
            """;
        Write(before);
        _reload = new AccessReload(
            _file, AccessFile.Read(before), () => CommandLine.Parse(["all", "-c", _file], new Hashtable()), _callers, _rates,
            _log, NullLogger<AccessReload>.Instance);
        File.Delete(keys);
        Write(Before.Replace(":old", ":new", StringComparison.Ordinal));
        Twice(_reload);

        Assert.That((await FindAsync("old")).Refusal?.Type, Is.EqualTo(AccessErrorTypes.Unauthenticated));
    }

    [TestCase("auth: { roles: {} }")]
    [TestCase("")]
    public async Task Compare_FileIsBeingWritten_WaitsForTheRest(string half)
    {
        Write(half);
        _reload.Compare();
        Write(Before.Replace(":old", ":new", StringComparison.Ordinal));
        _reload.Compare();
        Assert.That((await FindAsync("old")).Caller?.Name, Is.EqualTo("shop"));

        _reload.Compare();
        Assert.That((await FindAsync("new")).Caller?.Name, Is.EqualTo("shop"));
    }

    [Test]
    public async Task Compare_FileIsAsBeforeAgain_ChangesNothing()
    {
        Write(Before.Replace(":old", ":new", StringComparison.Ordinal));
        _reload.Compare();
        Write(Before);
        Twice(_reload);
        Assert.That((await FindAsync("old")).Caller, Is.Not.Null);

        Write(Before.Replace(":old", ":new", StringComparison.Ordinal));
        _reload.Compare();
        Assert.That((await FindAsync("old")).Caller, Is.Not.Null, "what was seen before the file was as it is counts no more");
    }

    private AccessReload Reload(ILogger<AccessReload> logger) => new(
        _file,
        AccessFile.Read(Before),
        () => CommandLine.Parse(["all", "-c", _file], new Hashtable()),
        _callers,
        _rates,
        _log,
        logger);

    // What is new counts when it is the same twice.
    private static void Twice(AccessReload reload)
    {
        reload.Compare();
        reload.Compare();
    }

    private async Task<Identification> FindAsync(string key)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["X-API-Key"] = key;
        return await _callers.IdentifyAsync(context);
    }

    private ServiceProvider Loggers() =>
        new ServiceCollection().AddLogging(logging => logging.Configure(_log)).BuildServiceProvider();

    private static ILogger LoggerOf(ServiceProvider services, string category) =>
        services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

    private void Write(string yaml) => File.WriteAllText(_file, AccessFile.WithHashes(yaml));

    private static Subject SubjectOf(string text) =>
        Subject.TryParse(text, out var subject, out var reason) ? subject : throw new InvalidOperationException(reason);
}
