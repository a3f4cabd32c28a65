using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>The C# client against the product's servers, with a stream and a pull consumer of its own.</summary>
internal abstract class ClientTest
{
    protected const string Consumer = "c1";

    /// <summary>A reason for what is terminated, where the server takes one.</summary>
    protected static string? Reason => ServerUnderTest.IsAtLeast(2, 10, 4) ? "broken" : null;

    protected HttpmqClient Client { get; private set; } = null!;

    protected string Stream { get; private set; } = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        Client = HttpmqClient.Create(SharedServers.Gateway.Management, SharedServers.Gateway.Dataplane);
        Stream = SharedServers.NewName();
        await Client.Management.DefineStreamAsync(new StreamParameters { Name = Stream, Subjects = [$"{Stream}.*"] });
        await Client.Management.DefineConsumerAsync(
            Stream, new ConsumerParameters { Name = Consumer, Mode = ConsumerMode.Pull, MaxInflight = 10 });
    }

    [TearDown]
    public async Task DeleteAsync()
    {
        await Client.Management.DeleteStreamAsync(Stream);
        Client.Dispose();
    }

    protected Task<PublishAnswer> PublishAsync(string text, PublishOptions? options = null) =>
        Client.Dataplane.PublishAsync($"{Stream}.a", Encoding.UTF8.GetBytes(text), options ?? new PublishOptions());

    protected static string Text(ReadOnlyMemory<byte> data) => Encoding.UTF8.GetString(data.Span);

    protected static CancellationTokenSource TimeLimit() => new(Eventually.TimeLimit);
}
