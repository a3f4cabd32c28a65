using System.Reflection;
using Httpmq.Api.Consumers;
using Httpmq.Api.Health;
using Httpmq.Api.Http;
using Httpmq.Api.Info;
using Httpmq.Api.Publishing;
using Httpmq.Api.Pulling;
using Httpmq.Api.Reading;
using Httpmq.Api.Settling;
using Httpmq.Api.Streams;
using Httpmq.Api.Subscriptions;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Gives MVC the group's controllers; they are internal, as everything that is no library is. Those of both groups get the group's root
/// into their routes.
/// </summary>
internal sealed class GroupControllers(ApiGroup group) : IApplicationFeatureProvider<ControllerFeature>, IControllerModelConvention
{
    /// <summary>Named here, because to look for them would load every type of the assembly into memory, at every start.</summary>
    public static IReadOnlyList<Type> All { get; } =
    [
        typeof(AcknowledgeController),
        typeof(ConsumerControlController),
        typeof(ConsumersController),
        typeof(HealthController),
        typeof(InfoController),
        typeof(PublishController),
        typeof(PullController),
        typeof(ReadController),
        typeof(ReplayController),
        typeof(SettleController),
        typeof(StreamContentsController),
        typeof(StreamsController),
        typeof(SubscriptionsController),
    ];

    public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
    {
        foreach (var controller in All.Where(controller => GroupsOf(controller).Contains(group.Name, StringComparer.Ordinal)))
        {
            feature.Controllers.Add(controller.GetTypeInfo());
        }
    }

    public void Apply(ControllerModel controller) => controller.RouteValues[ApiGroup.RootToken] = group.Root;

    private static IEnumerable<string> GroupsOf(Type controller) =>
        controller.GetCustomAttributes<ApiGroupAttribute>().ToArray() is { Length: > 0 } groups
            ? groups.Select(static group => group.Name)
            : throw new InvalidOperationException($"{controller} has no [ApiGroup], so that neither API would serve it.");
}
